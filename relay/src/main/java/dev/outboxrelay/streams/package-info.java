/** The edge to JetStream's management: tenant streams, created on first use. */
@NullMarked
package dev.outboxrelay.streams;

import org.jspecify.annotations.NullMarked;
