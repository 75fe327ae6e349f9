package dev.outboxrelay.schema;

import dev.outboxrelay.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * An empty database of its own on a running server, and the schema files as JDBC runs them. After {@link #close()} the
 * database, its slot and the outbox roles are gone, so that the next test finds a cluster that never saw them. One
 * thread; two of them never live on one server at a time, because roles belong to the whole cluster.
 */
final class SchemaDatabase implements AutoCloseable {
    static final String WRITER = TestPostgres.WRITER;
    static final String RELAY = TestPostgres.RELAY;
    static final String OPERATOR = TestPostgres.OPERATOR;

    private static final String NAME = "schema_test";
    private static final String PASSWORD = "only for this test";

    private final TestPostgres postgres;

    SchemaDatabase(SchemaServer server) throws SQLException {
        postgres = server.postgres();
        postgres.createDatabase(NAME);
    }

    /** Runs a file of {@code schema/} as one multi-statement script; returns the notices and warnings of the server. */
    static List<String> run(Connection connection, String file) throws SQLException, IOException {
        return Sql.execute(connection, Files.readString(SchemaServer.file(file)));
    }

    /** Installs every version as a superuser and lets the three roles log in with a password (SCRAM). */
    void install() throws SQLException, IOException {
        try (Connection admin = superuser()) {
            for (String version : SchemaServer.versions()) {
                run(admin, version);
            }
        }
        for (String role : List.of(WRITER, RELAY, OPERATOR)) {
            allowLogin(role);
        }
    }

    void allowLogin(String role) throws SQLException {
        try (Connection admin = superuser()) {
            Sql.execute(admin, "ALTER ROLE " + role + " LOGIN PASSWORD '" + PASSWORD + "'");
        }
    }

    Connection superuser() throws SQLException {
        return postgres.superuser(NAME);
    }

    /** Opens a connection to another database of the same cluster. */
    Connection elsewhere() throws SQLException {
        return postgres.superuser("postgres");
    }

    Connection as(String role) throws SQLException {
        return postgres.connect(NAME, role, PASSWORD);
    }

    /**
     * Returns what the slot would send the relay from here on, without confirming it: the type letter of each message
     * ({@code B}egin, {@code R}elation, {@code I}nsert, {@code U}pdate, {@code D}elete, {@code T}runcate,
     * {@code C}ommit). Transactions that touched nothing published show as nothing at all.
     */
    List<String> streamed() throws SQLException {
        try (Connection relay = as(RELAY)) {
            return Sql.rows(relay, """
                            SELECT chr(get_byte(data, 0)) FROM pg_logical_slot_peek_binary_changes(
                              'outbox_relay', NULL, NULL, 'proto_version', '1', 'publication_names', 'outbox')
                            """);
        }
    }

    @Override
    public void close() throws SQLException {
        try (Connection admin = elsewhere()) {
            Sql.execute(
                    admin,
                    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'outbox_relay'");
            Sql.execute(admin, "DROP DATABASE " + NAME + " WITH (FORCE)");
            for (String role :
                    Sql.rows(admin, "SELECT quote_ident(rolname) FROM pg_roles WHERE rolname !~ '^(pg_|postgres$)'")) {
                Sql.execute(admin, "DROP ROLE " + role);
            }
        }
    }
}
