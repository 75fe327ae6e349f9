package dev.outboxrelay.lab;

import dev.outboxrelay.testing.PostgresOptions;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;

/** The servers of one benchmark, with the schema in them. */
record Servers(TestPostgres postgres, TestNats nats, int nodes, Path log) implements AutoCloseable {

    static Servers start() throws SQLException, IOException {
        return start(PostgresOptions.defaults());
    }

    /** The same with these options for PostgreSQL, and a few that every benchmark wants. */
    static Servers start(PostgresOptions options) throws SQLException, IOException {
        return start(options, 1);
    }

    /** The same with so many nats-servers. */
    static Servers start(PostgresOptions options, int nodes) throws SQLException, IOException {
        TestPostgres postgres = TestPostgres.start(
                options.flushedToDisk().with("max_wal_size", "8GB").with("shared_buffers", "256MB"));
        postgres.installSchema();
        return new Servers(
                postgres, TestNats.cluster(nodes), nodes, Files.createTempFile("outbox-relay-bench", ".log"));
    }

    /**
     * Starts a relay with the contract's defaults, but for as many replicas as there are servers, and what is given.
     */
    RelayProcess relay(String javaOptions, Map<String, String> more) throws IOException {
        Map<String, String> settings =
                RelayProcess.settings(postgres.jdbcUrl(), postgres.password(TestPostgres.RELAY), nats.url());
        settings.remove("outbox.streams.duplicate-window");
        settings.put("outbox.streams.replicas", Integer.toString(nodes));
        settings.put("outbox.source.backlog", "ignore"); // what is measured is the way through the slot
        settings.putAll(more);
        return RelayProcess.start(settings, log, javaOptions);
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

    /** The process that all of PostgreSQL's others are children of. */
    long postgresPid() throws SQLException {
        return Long.parseLong(value("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)"));
    }

    /** The processes of the nats-servers. */
    static List<Long> natsPids() {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> process.info()
                        .command()
                        .map(command -> Path.of(command).getFileName().toString())
                        .orElse("")
                        .startsWith("nats-server"))
                .map(ProcessHandle::pid)
                .toList();
    }

    @Override
    public void close() {
        nats.close();
        postgres.close();
        try {
            Files.deleteIfExists(log);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + log, e);
        }
    }
}
