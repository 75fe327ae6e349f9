package dev.outboxrelay.adopt;

import dev.outboxrelay.path.SharedPostgres;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.Repository;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A database with applications of its own, a NATS server, and a DBA who has installed the schema and nothing more. One
 * thread, except for connecting.
 */
final class Company implements AutoCloseable {

    private static final String PASSWORD = "an-application";

    private final String name;
    private final TestPostgres postgres = SharedPostgres.get();
    private final TestNats nats = TestNats.start();
    private final Path folder;
    private final List<Connection> connections = new ArrayList<>();

    private Company(String name, Path folder) {
        this.name = name;
        this.folder = folder;
    }

    /** With the application's tables and its login roles. */
    static Company create(String name, Path folder, List<String> roles, String tables) throws SQLException {
        Company company = new Company("adopt_" + name, folder); // other tests have databases on this server too
        company.postgres.createInstalled(company.name);
        for (String role : roles) {
            company.asDba("CREATE ROLE " + role + " LOGIN PASSWORD '" + PASSWORD + "'");
        }
        company.asDba(tables);
        return company;
    }

    TestNats nats() {
        return nats;
    }

    /** A connection of an application, for one thread. */
    Connection as(String role) throws SQLException {
        Connection connection = postgres.connect(name, role, PASSWORD);
        connection.setAutoCommit(false);
        connections.add(connection);
        return connection;
    }

    void asDba(String sql) throws SQLException {
        postgres.execute(name, sql);
    }

    /** Runs a file of schema/. */
    void install(String file) throws Exception {
        asDba(Files.readString(Repository.root().resolve("schema").resolve(file)));
    }

    long number(String sql) throws SQLException {
        try (Connection connection = postgres.superuser(name);
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getLong(1);
        }
    }

    Connection superuser() throws SQLException {
        return postgres.superuser(name);
    }

    /** Starts the relay as a user does: where both ends are from the environment, the rest from a file. */
    RelayProcess relay(TestNats target, String log, String yaml) throws Exception {
        Path file = Files.writeString(folder.resolve(log + ".yaml"), yaml);
        Map<String, String> ends = new TreeMap<>(
                RelayProcess.settings(postgres.jdbcUrl(name), postgres.password(TestPostgres.RELAY), target.url()));
        return RelayProcess.start(
                        ends,
                        folder.resolve(log + ".log"),
                        RelayProcess.SHORT_LIVED,
                        List.of("--config", file.toString()))
                .awaitReady();
    }

    @Override
    public void close() throws SQLException {
        for (Connection connection : connections) {
            connection.close();
        }
        Await.until("the slots of " + name + " are dropped", () -> {
            postgres.execute(
                    "postgres",
                    "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = '" + name
                            + "' AND active_pid IS NOT NULL");
            postgres.execute(
                    "postgres",
                    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '" + name
                            + "'");
            return true;
        });
        postgres.execute("postgres", "DROP DATABASE " + name + " WITH (FORCE)");
        nats.close();
    }
}
