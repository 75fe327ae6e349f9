package dev.outboxrelay.lab;

import dev.outboxrelay.testing.PostgresOptions;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** The servers of one benchmark, with the schema in them. */
record Servers(TestPostgres postgres, TestNats nats) implements AutoCloseable {

    static Servers start() throws SQLException {
        TestPostgres postgres = TestPostgres.start(PostgresOptions.defaults()
                .flushedToDisk()
                .with("max_wal_size", "8GB")
                .with("shared_buffers", "256MB"));
        postgres.installSchema();
        return new Servers(postgres, TestNats.start());
    }

    /** One value of one row. */
    String value(String sql) throws SQLException {
        try (Connection connection = postgres.superuser();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    @Override
    public void close() {
        nats.close();
        postgres.close();
    }
}
