/** What more than one of the edges on the side of NATS reads. */
@NullMarked
package dev.outboxrelay.jetstream;

import org.jspecify.annotations.NullMarked;
