/** Tests of the relay as a whole. */
@NullMarked
package dev.outboxrelay;

import org.jspecify.annotations.NullMarked;
