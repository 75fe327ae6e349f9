/** From a change of a table to an event, or to the reason why it is none. Pure. */
@NullMarked
package dev.outboxrelay.decode;

import org.jspecify.annotations.NullMarked;
