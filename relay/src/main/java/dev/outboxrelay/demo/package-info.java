/**
 * The demo: servers of its own, the relay, an application that writes, a live view, and a comparison at the end.
 * Wiring-level like the command line; nothing of it runs in {@code outbox-relay run}.
 */
@NullMarked
package dev.outboxrelay.demo;

import org.jspecify.annotations.NullMarked;
