/** The edge to the replication slot: what must hold before a start, and how far it is confirmed. */
@NullMarked
package dev.outboxrelay.slot;

import org.jspecify.annotations.NullMarked;
