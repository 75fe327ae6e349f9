/** Wiring: the relay as a whole, started in order and stopped in reverse. */
@NullMarked
package dev.outboxrelay;

import org.jspecify.annotations.NullMarked;
