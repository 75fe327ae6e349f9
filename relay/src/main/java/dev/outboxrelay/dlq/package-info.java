/** The operators' edge to the table of dead letters: what they list, replay and discard. */
@NullMarked
package dev.outboxrelay.dlq;

import org.jspecify.annotations.NullMarked;
