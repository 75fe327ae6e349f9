/** The edge to the outbox table: marking rows and writing dead letters. */
@NullMarked
package dev.outboxrelay.settle;

import org.jspecify.annotations.NullMarked;
