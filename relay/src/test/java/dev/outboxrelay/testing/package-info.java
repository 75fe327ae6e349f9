/** The one place where tests take their servers from: real Postgres and real NATS, as processes or as containers. */
@NullMarked
package dev.outboxrelay.testing;

import org.jspecify.annotations.NullMarked;
