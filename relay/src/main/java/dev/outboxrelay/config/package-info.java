/** Immutable settings, and the reader that turns flat keys into them or into every problem at once. Pure. */
@NullMarked
package dev.outboxrelay.config;

import org.jspecify.annotations.NullMarked;
