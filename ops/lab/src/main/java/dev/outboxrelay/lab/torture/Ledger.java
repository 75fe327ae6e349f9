package dev.outboxrelay.lab.torture;

import dev.outboxrelay.testing.TestPostgres;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * What the writers note down beside the outbox, in the same transactions: each event, and its place in its tenant by
 * commit order.
 *
 * <p>The place comes from a counter for each tenant. A transaction raises the counters of its tenants as its last act
 * and commits: the row lock is held from there until the commit is in the WAL, so counters rise in commit order, while
 * the inserts before them interleave with those of other transactions of the same tenant. Within a transaction events
 * are numbered by insertion. A tenant's events in order are those of its transactions by counter, then by insertion.
 */
final class Ledger {

    private static final String SCHEMA = """
            CREATE SCHEMA lab;
            CREATE TABLE lab.counter (tenant text PRIMARY KEY, n bigint NOT NULL) WITH (fillfactor = 20);
            CREATE TABLE lab.tx (tx uuid, tenant text, base bigint NOT NULL, PRIMARY KEY (tx, tenant));
            CREATE TABLE lab.event (id text PRIMARY KEY, tx uuid NOT NULL, idx int NOT NULL, tenant text NOT NULL,
              subject text NOT NULL, digest text NOT NULL, headers text, reason text);
            CREATE INDEX event_tenant ON lab.event (tenant);
            GRANT USAGE ON SCHEMA lab TO outbox_writer, outbox_operator;
            GRANT SELECT, INSERT, UPDATE ON lab.counter TO outbox_writer;
            GRANT INSERT ON lab.tx, lab.event TO outbox_writer;
            GRANT SELECT ON ALL TABLES IN SCHEMA lab TO outbox_operator;
            """;

    private static final String OUTBOX =
            "INSERT INTO outbox.message (id, tenant_id, subject, payload, headers) VALUES (?::uuid, ?, ?, ?, ?::jsonb)";
    private static final String EVENT = "INSERT INTO lab.event (id, tx, idx, tenant, subject, digest, headers, reason)"
            + " VALUES (?, ?::uuid, ?, ?, ?, ?, ?, ?)";
    private static final String COUNT = "INSERT INTO lab.counter AS c (tenant, n) VALUES (?, ?)"
            + " ON CONFLICT (tenant) DO UPDATE SET n = c.n + EXCLUDED.n RETURNING n";

    private Ledger() {}

    static void install(TestPostgres postgres) throws SQLException {
        postgres.execute(SCHEMA);
    }

    /** Inserts rows, as many statements, numbered from {@code first} within their transaction. */
    static void insert(Connection writer, String tx, int first, List<Row> rows) throws SQLException {
        try (PreparedStatement outbox = writer.prepareStatement(OUTBOX)) {
            for (Row row : rows) {
                outbox.setString(1, row.id());
                outbox.setString(2, row.tenant());
                outbox.setString(3, row.subject());
                outbox.setBytes(4, row.payload());
                outbox.setString(5, row.headers());
                outbox.addBatch();
            }
            outbox.executeBatch();
        }
        note(writer, tx, first, rows);
    }

    /** The same through {@code outbox.publish}, which makes the id; returns the rows with their ids. */
    static List<Row> publish(Connection writer, String tx, int first, List<Row> rows) throws SQLException {
        return call(writer, "SELECT outbox.publish(?, ?, ?, ?::jsonb)", tx, first, rows);
    }

    /** The same events without rows. */
    static List<Row> emit(Connection writer, String tx, int first, List<Row> rows) throws SQLException {
        return call(writer, "SELECT '" + Expected.EMITTED + "' || outbox.emit(?, ?, ?, ?::jsonb)", tx, first, rows);
    }

    private static List<Row> call(Connection writer, String function, String tx, int first, List<Row> rows)
            throws SQLException {
        List<Row> named = new java.util.ArrayList<>();
        try (PreparedStatement call = writer.prepareStatement(function)) {
            for (Row row : rows) {
                call.setString(1, row.tenant());
                call.setString(2, row.subject());
                call.setBytes(3, row.payload());
                call.setString(4, row.headers());
                try (ResultSet id = call.executeQuery()) {
                    id.next();
                    named.add(row.named(id.getString(1)));
                }
            }
        }
        note(writer, tx, first, named);
        return named;
    }

    /** The same with COPY. */
    static void copy(Connection writer, String tx, int first, List<Row> rows) throws SQLException {
        StringBuilder text = new StringBuilder();
        for (Row row : rows) {
            line(
                    text,
                    row.id(),
                    row.tenant(),
                    row.subject(),
                    "\\x" + HexFormat.of().formatHex(row.payload()),
                    row.headers());
        }
        copy(writer, "outbox.message (id, tenant_id, subject, payload, headers)", text);
        StringBuilder events = new StringBuilder();
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            line(
                    events,
                    row.id(),
                    tx,
                    Integer.toString(first + i),
                    row.tenant(),
                    row.subject(),
                    digest(row.payload()),
                    row.headers(),
                    row.reason());
        }
        copy(writer, "lab.event (id, tx, idx, tenant, subject, digest, headers, reason)", events);
    }

    private static void copy(Connection writer, String into, StringBuilder text) throws SQLException {
        try {
            writer.unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn("COPY " + into + " FROM STDIN", new java.io.StringReader(text.toString()));
        } catch (java.io.IOException e) {
            throw new SQLException("COPY ended: " + e.getMessage(), "08006", e);
        }
    }

    private static void line(StringBuilder text, @Nullable String... fields) {
        for (int i = 0; i < fields.length; i++) {
            String field = fields[i];
            text.append(i == 0 ? "" : "\t");
            text.append(
                    field == null
                            ? "\\N"
                            : field.replace("\\", "\\\\")
                                    .replace("\t", "\\t")
                                    .replace("\n", "\\n")
                                    .replace("\r", "\\r"));
        }
        text.append('\n');
    }

    private static void note(Connection writer, String tx, int first, List<Row> rows) throws SQLException {
        try (PreparedStatement event = writer.prepareStatement(EVENT)) {
            for (int i = 0; i < rows.size(); i++) {
                Row row = rows.get(i);
                event.setString(1, row.id());
                event.setString(2, tx);
                event.setInt(3, first + i);
                event.setString(4, row.tenant());
                event.setString(5, row.subject());
                event.setString(6, digest(row.payload()));
                event.setString(7, row.headers());
                event.setString(8, row.reason());
                event.addBatch();
            }
            event.executeBatch();
        }
    }

    /** Raises the counters of everybody in the transaction; after this nothing but the commit may come. */
    static void number(Connection writer, String tx, List<Row> rows) throws SQLException {
        Map<String, Integer> counts = new TreeMap<>(); // one order for all: no deadlocks
        rows.forEach(row -> counts.merge(row.tenant(), 1, Integer::sum));
        try (PreparedStatement count = writer.prepareStatement(COUNT);
                PreparedStatement note =
                        writer.prepareStatement("INSERT INTO lab.tx (tx, tenant, base) VALUES (?::uuid, ?, ?)")) {
            for (Map.Entry<String, Integer> tenant : counts.entrySet()) {
                count.setString(1, tenant.getKey());
                count.setLong(2, tenant.getValue());
                try (ResultSet n = count.executeQuery()) {
                    n.next();
                    note.setString(1, tx);
                    note.setString(2, tenant.getKey());
                    note.setLong(3, n.getLong(1) - tenant.getValue());
                    note.addBatch();
                }
            }
            note.executeBatch();
        }
    }

    /** Whether a transaction whose commit got no answer took place; nobody may still be at it. */
    static boolean isCommitted(Connection operator, String tx) throws SQLException {
        try (PreparedStatement look =
                operator.prepareStatement("SELECT EXISTS (SELECT FROM lab.tx WHERE tx = ?::uuid)")) {
            look.setString(1, tx);
            try (ResultSet answer = look.executeQuery()) {
                answer.next();
                return answer.getBoolean(1);
            }
        }
    }

    static String digest(byte[] payload) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(payload));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
