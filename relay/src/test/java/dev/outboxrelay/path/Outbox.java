package dev.outboxrelay.path;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An installed outbox in a database of its own, with a slot for the relay and a second one that nobody confirms: the
 * second tells afterwards what was committed, in which order, whatever the relay did. One thread, except for
 * connecting.
 */
final class Outbox implements AutoCloseable {

    private static final String INSERT =
            "INSERT INTO outbox.message (id, tenant_id, subject, payload, headers) VALUES (?::uuid, ?, ?, ?, ?::jsonb)";

    private static final String EMIT = "SELECT outbox.emit(?, ?, ?, ?::jsonb)";

    private final TestPostgres postgres;
    private final String name;

    private Outbox(TestPostgres postgres, String name) {
        this.postgres = postgres;
        this.name = name;
    }

    /** Installs one on the shared server. */
    static Outbox create(String name) throws SQLException {
        return create(SharedPostgres.get(), name);
    }

    static Outbox create(TestPostgres postgres, String name) throws SQLException {
        Outbox outbox = withoutSlots(postgres, name);
        outbox.createSlots();
        return outbox;
    }

    static Outbox withoutSlots(TestPostgres postgres, String name) throws SQLException {
        postgres.createInstalled(name);
        return new Outbox(postgres, name);
    }

    /**
     * A copy of all that it holds at this moment, as a restored backup has it: without slots. Nobody may be connected.
     */
    Outbox copy(String copy) throws SQLException {
        postgres.execute("postgres", "CREATE DATABASE " + copy + " TEMPLATE " + name);
        return new Outbox(postgres, copy);
    }

    /** An outbox as another version of the schema installs it, with its slots; nothing can be emitted. */
    static Outbox ofVersion(List<Path> migrations, String name) throws SQLException {
        TestPostgres postgres = SharedPostgres.get();
        postgres.createDatabase(name);
        postgres.installSchema(name, migrations);
        Outbox outbox = new Outbox(postgres, name);
        outbox.createSlot(outbox.slot());
        outbox.createSlot(outbox.witness());
        return outbox;
    }

    void createSlots() throws SQLException {
        createSlot(slot());
        createSlot(witness());
        emitTo(slot());
    }

    /** Has {@code outbox.emit} address this slot, whatever the tenant. */
    void emitTo(String slot) throws SQLException {
        execute("CREATE OR REPLACE FUNCTION outbox.emit_slot(tenant_id text) RETURNS text LANGUAGE sql"
                + " IMMUTABLE PARALLEL SAFE AS 'SELECT ''" + slot + "''::text'");
    }

    /** Slots that a standby may keep copies of (PostgreSQL 17 and later). */
    void createFailoverSlots() throws SQLException {
        for (String slot : List.of(slot(), witness())) {
            execute("SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput', failover => true)");
        }
        emitTo(slot());
    }

    void createSlot(String slot) throws SQLException {
        execute("SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
    }

    TestPostgres postgres() {
        return postgres;
    }

    String database() {
        return name;
    }

    String slot() {
        return "relay_" + name;
    }

    String witness() {
        return "witness_" + name;
    }

    String url() {
        return postgres.jdbcUrl(name);
    }

    /** The settings that lead a relay here, and to this NATS. */
    Map<String, String> settings(TestNats nats, Map<String, String> more) {
        Map<String, String> all = new TreeMap<>(Map.of("outbox.postgres.slot", slot()));
        all.putAll(RelayRig.texts(url(), postgres.password(TestPostgres.RELAY), nats.url()));
        all.putAll(more);
        return all;
    }

    /** Starts a relay in this process and returns at once. */
    RelayRig relay(TestNats nats, Map<String, String> more) {
        return RelayRig.start(settings(nats, more));
    }

    Connection superuser() throws SQLException {
        return postgres.superuser(name);
    }

    Connection as(String role) throws SQLException {
        return postgres.connect(name, role, postgres.password(role));
    }

    /** Runs SQL as the superuser: for setting up. */
    void execute(String sql) throws SQLException {
        postgres.execute(name, sql);
    }

    /** Inserts rows as an application does, in one transaction, and returns its id. */
    String insert(List<Row> rows) throws SQLException {
        try (Connection writer = as(TestPostgres.WRITER)) {
            writer.setAutoCommit(false);
            insert(writer, rows);
            String transaction;
            try (Statement statement = writer.createStatement();
                    ResultSet result = statement.executeQuery("SELECT pg_current_xact_id()::text")) {
                result.next();
                transaction = result.getString(1);
            }
            writer.commit();
            return transaction;
        }
    }

    String insert(Row... rows) throws SQLException {
        return insert(List.of(rows));
    }

    static void insert(Connection writer, List<Row> rows) throws SQLException {
        try (PreparedStatement statement = writer.prepareStatement(INSERT)) {
            for (Row row : rows) {
                statement.setString(1, row.id());
                statement.setString(2, row.tenant());
                statement.setString(3, row.subject());
                statement.setBytes(4, row.payload().bytes());
                statement.setString(5, row.headers());
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    /**
     * Emits events without a row as an application does, and returns their Nats-Msg-Ids; the rows' ids are not used.
     */
    static List<String> emit(Connection writer, List<Row> rows) throws SQLException {
        List<String> ids = new ArrayList<>();
        try (PreparedStatement statement = writer.prepareStatement(EMIT)) {
            for (Row row : rows) {
                statement.setString(1, row.tenant());
                statement.setString(2, row.subject());
                statement.setBytes(3, row.payload().bytes());
                statement.setString(4, row.headers());
                try (ResultSet result = statement.executeQuery()) {
                    result.next();
                    ids.add("outbox.emit:" + result.getString(1));
                }
            }
        }
        return ids;
    }

    /** The same in a transaction of its own. */
    List<String> emit(Row... rows) throws SQLException {
        try (Connection writer = as(TestPostgres.WRITER)) {
            writer.setAutoCommit(false);
            List<String> ids = emit(writer, List.of(rows));
            writer.commit();
            return ids;
        }
    }

    /** The first column of the first row, read as an operator does; null without a row. */
    @Nullable
    String value(String sql) throws SQLException {
        try (Connection operator = as(TestPostgres.OPERATOR);
                Statement statement = operator.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            return result.next() ? result.getString(1) : null;
        }
    }

    /** The same, as the superuser. */
    String superuserValue(String sql) throws SQLException {
        try (Connection superuser = superuser();
                Statement statement = superuser.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return String.valueOf(result.getString(1));
        }
    }

    /** The server's major version. */
    int version() throws SQLException {
        return Integer.parseInt(String.valueOf(value("SELECT current_setting('server_version_num')::int / 10000")));
    }

    int count(String fromWhere) throws SQLException {
        return Integer.parseInt(String.valueOf(value("SELECT count(*) FROM " + fromWhere)));
    }

    @Nullable
    String status(String id) throws SQLException {
        return value("SELECT status FROM outbox.message WHERE id = '" + id + "'");
    }

    /** What was committed so far, by tenant and in commit order. */
    Map<String, List<String>> committed() throws SQLException {
        try (Connection superuser = superuser()) {
            return CommitOrder.read(superuser, witness());
        }
    }

    /** Waits until no row of the native table is pending. */
    void awaitAllMarked(Duration deadline) {
        Await.until(
                "every row of " + name + " is marked",
                deadline,
                () -> count("outbox.message WHERE status = 'pending'") == 0);
    }

    @Override
    public void close() throws SQLException {
        postgres.execute(
                "postgres",
                "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = '" + name
                        + "' AND active_pid IS NOT NULL");
        Await.until("the slots of " + name + " are dropped", () -> {
            postgres.execute(
                    "postgres",
                    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '" + name
                            + "'");
            return true;
        });
        postgres.execute("postgres", "DROP DATABASE " + name + " WITH (FORCE)");
    }
}
