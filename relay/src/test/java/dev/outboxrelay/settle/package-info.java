/** Tests of the edge to the outbox table and to the table of dead letters, against a real server. */
@NullMarked
package dev.outboxrelay.settle;

import org.jspecify.annotations.NullMarked;
