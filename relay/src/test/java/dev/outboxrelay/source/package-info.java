/** The source without an engine: messages, values and the handover. */
@NullMarked
package dev.outboxrelay.source;

import org.jspecify.annotations.NullMarked;
