package dev.outboxrelay.source;

import io.debezium.connector.postgresql.PostgresConnector;
import org.apache.kafka.connect.connector.Task;

/**
 * The engine's PostgreSQL connector with a task that reads rows the short way. Public because the engine makes it from
 * its name.
 */
public final class LeanConnector extends PostgresConnector {

    @Override
    public Class<? extends Task> taskClass() {
        return LeanTask.class;
    }
}
