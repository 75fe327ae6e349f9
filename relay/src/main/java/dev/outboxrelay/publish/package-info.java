/** The edge to JetStream on the sending side: asynchronous publish and its outcomes. */
@NullMarked
package dev.outboxrelay.publish;

import org.jspecify.annotations.NullMarked;
