/** One tenant's path to its stream: order, window, doubt and resync as a state machine. Pure. */
@NullMarked
package dev.outboxrelay.lane;

import org.jspecify.annotations.NullMarked;
