/** The edge to PostgreSQL's WAL: the embedded Debezium engine and the checks before each start. */
@NullMarked
package dev.outboxrelay.source;

import org.jspecify.annotations.NullMarked;
