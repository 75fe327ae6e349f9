package dev.outboxrelay.lab.torture;

import dev.outboxrelay.testing.TestPostgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads ledger, outbox and dead letters as {@code outbox_operator}. One thread. */
final class TableReader implements AutoCloseable {

    private static final Pattern HEADER = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\": \"((?:[^\"\\\\]|\\\\.)*)\"");

    private static final String COMMITTED = "to_char(%s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";

    private static final String ROWS = """
            SELECT e.id, e.subject, e.digest, e.headers::jsonb::text AS headers, e.reason, t.base,
              %s AS committed,
              m.status, m.published_at IS NOT NULL AS published,
              (m.tenant_id = e.tenant AND m.subject = e.subject AND encode(sha256(m.payload), 'hex') = e.digest
                AND m.headers IS NOT DISTINCT FROM e.headers::jsonb) AS row_faithful,
              d.reason AS dead_reason, d.state AS dead_state,
              (d.tenant_id = e.tenant AND d.subject = e.subject AND encode(sha256(d.payload), 'hex') = e.digest
                AND d.headers IS NOT DISTINCT FROM e.headers::jsonb
                AND d.committed_at = pg_xact_commit_timestamp(t.xmin)) AS dead_faithful
            FROM lab.event e
            JOIN lab.tx t ON t.tx = e.tx AND t.tenant = e.tenant
            LEFT JOIN outbox.message m ON m.id = CASE WHEN e.id NOT LIKE 'outbox.emit:%%' THEN e.id::uuid END
            LEFT JOIN outbox.dead_letter d
              ON d.slot = '%s' AND d.event_id = e.id AND d.kind = 'event'
              AND d.source = CASE WHEN e.id LIKE 'outbox.emit:%%' THEN 'outbox.emit' ELSE 'outbox.message' END
            WHERE e.tenant = ? ORDER BY t.base, e.idx
            """;

    private final Connection connection;
    private final String slot;

    TableReader(TestPostgres postgres, String slot) throws SQLException {
        this.connection = postgres.connect(TestPostgres.OPERATOR);
        this.slot = slot;
    }

    /** Every tenant that a committed row names, odd ones too. */
    List<String> tenants() throws SQLException {
        List<String> tenants = new ArrayList<>();
        try (PreparedStatement look = connection.prepareStatement("SELECT tenant FROM lab.counter ORDER BY n DESC");
                ResultSet rows = look.executeQuery()) {
            while (rows.next()) {
                tenants.add(rows.getString(1));
            }
        }
        return tenants;
    }

    /** A tenant's rows by number. */
    List<Expected> rows(String tenant) throws SQLException {
        List<Expected> all = new ArrayList<>();
        String sql = ROWS.formatted(COMMITTED.formatted("pg_xact_commit_timestamp(t.xmin)"), slot);
        try (PreparedStatement look = connection.prepareStatement(sql)) {
            look.setString(1, tenant);
            try (ResultSet row = look.executeQuery()) {
                while (row.next()) {
                    all.add(row(row, tenant, all.size()));
                }
            }
        }
        return all;
    }

    private static Expected row(ResultSet row, String tenant, long number) throws SQLException {
        String status = row.getString("status");
        String deadState = row.getString("dead_state");
        String reason = row.getString("reason");
        String subject = row.getString("subject");
        String prefix = "tenant." + tenant + ".";
        return new Expected(
                number,
                row.getString("id"),
                subject.startsWith(prefix) ? subject : prefix + subject,
                row.getString("digest"),
                reason == null ? headers(row.getString("headers")) : Map.of(),
                reason,
                String.valueOf(row.getString("committed")),
                status == null
                        ? null
                        : new Expected.Row(status, row.getBoolean("published"), row.getBoolean("row_faithful")),
                deadState == null
                        ? null
                        : new Expected.Dead(row.getString("dead_reason"), deadState, row.getBoolean("dead_faithful")));
    }

    /** Flat objects of strings as the server writes jsonb, without escapes beyond backslash and quote. */
    private static Map<String, String> headers(@Nullable String json) {
        Map<String, String> headers = new HashMap<>();
        if (json != null) {
            Matcher pairs = HEADER.matcher(json);
            while (pairs.find()) {
                headers.put(unescaped(pairs.group(1)), unescaped(pairs.group(2)));
            }
        }
        return headers;
    }

    private static String unescaped(String text) {
        return text.replace("\\\"", "\"").replace("\\\\", "\\");
    }

    /** Whose event an id is; null for nobody's. */
    @Nullable
    String tenantOf(String id) {
        try (PreparedStatement look = connection.prepareStatement("SELECT tenant FROM lab.event WHERE id = ?")) {
            look.setString(1, id);
            try (ResultSet row = look.executeQuery()) {
                return row.next() ? row.getString(1) : null;
            }
        } catch (SQLException e) {
            throw new IllegalStateException("cannot look event " + id + " up", e);
        }
    }

    /** How many dead letters there are, or were, for each reason, and what became of them. */
    Map<String, Long> reasons() throws SQLException {
        Map<String, Long> counts = new TreeMap<>();
        try (PreparedStatement look =
                        connection.prepareStatement("SELECT concat_ws(' ', coalesce(reason, 'parked'), state) AS what,"
                                + " count(*) FROM outbox.dead_letter GROUP BY what");
                ResultSet rows = look.executeQuery()) {
            while (rows.next()) {
                counts.put(String.valueOf(rows.getString(1)), rows.getLong(2));
            }
        }
        return counts;
    }

    /** One number. */
    long count(String sql) throws SQLException {
        try (PreparedStatement look = connection.prepareStatement(sql);
                ResultSet row = look.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IllegalStateException("cannot close a connection", e);
        }
    }
}
