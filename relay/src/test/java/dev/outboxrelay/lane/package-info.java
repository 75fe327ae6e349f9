/** Simulations and tests of the lane. */
@NullMarked
package dev.outboxrelay.lane;

import org.jspecify.annotations.NullMarked;
