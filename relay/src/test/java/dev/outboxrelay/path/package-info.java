/** The main path from end to end: rows in a real Postgres, messages in a real nats-server. */
@NullMarked
package dev.outboxrelay.path;

import org.jspecify.annotations.NullMarked;
