package dev.outboxrelay.settle;

import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.event.TableName;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The statements that settle rows of mapped tables. One connection's worth; not thread-safe.
 *
 * <p>Every statement finds rows by their key alone, and skips those that somebody else has locked: an application's
 * lock never holds up the relay.
 */
final class RowStatements {

    private final Connection connection;
    private final Map<TableName, String> idTypes = new HashMap<>();

    RowStatements(Connection connection) {
        this.connection = connection;
    }

    boolean isOf(Connection other) {
        return connection == other;
    }

    /** Settles published rows and tells which of them it got hold of. */
    Set<String> settle(TableName table, SettleMode mode, Collection<String> ids) throws SQLException {
        return settle(table, mode, ids, "m.status = 'pending'");
    }

    /** The same for rows that may have been failed before: their events were dead letters. */
    Set<String> settleLate(TableName table, SettleMode mode, Collection<String> ids) throws SQLException {
        return settle(table, mode, ids, "m.status IN ('pending', 'failed')");
    }

    private Set<String> settle(TableName table, SettleMode mode, Collection<String> ids, String open)
            throws SQLException {
        String action = mode == SettleMode.DELETE
                ? "DELETE FROM %1$s m USING target WHERE m.id = target.id"
                : "UPDATE %1$s m SET status = 'published', published_at = pg_catalog.now() FROM target"
                        + " WHERE m.id = target.id AND " + open;
        return run(locking(action), table, ids);
    }

    /** Marks rows as failed and tells which of them it got hold of. */
    Set<String> fail(TableName table, Collection<String> ids) throws SQLException {
        return run(
                locking("UPDATE %1$s m SET status = 'failed' FROM target"
                        + " WHERE m.id = target.id AND m.status = 'pending'"),
                table,
                ids);
    }

    /** Which of these rows can be seen at all, locked or not. */
    Set<String> visible(TableName table, Collection<String> ids) throws SQLException {
        return run("SELECT id::text FROM %1$s WHERE id = ANY (?::%2$s[])", table, ids);
    }

    private static String locking(String action) {
        return "WITH target AS (SELECT id FROM %1$s WHERE id = ANY (?::%2$s[]) FOR NO KEY UPDATE SKIP LOCKED),"
                + " done AS (" + action + ") SELECT id::text FROM target";
    }

    private Set<String> run(String template, TableName table, Collection<String> ids) throws SQLException {
        Array array = connection.createArrayOf("text", ids.toArray());
        try (PreparedStatement statement = connection.prepareStatement(sql(template, table))) {
            statement.setArray(1, array);
            try (ResultSet rows = statement.executeQuery()) {
                Set<String> found = new HashSet<>();
                while (rows.next()) {
                    found.add(rows.getString(1));
                }
                return found;
            }
        } finally {
            array.free();
        }
    }

    private String sql(String template, TableName table) throws SQLException {
        String type = idTypes.get(table);
        if (type == null) {
            type = idType(table);
            idTypes.put(table, type);
        }
        return template.formatted(table.quoted(), type);
    }

    /** The key's own type: comparing as text would not use the index. */
    private String idType(TableName table) throws SQLException {
        String sql = "SELECT pg_catalog.format_type(a.atttypid, NULL) FROM pg_catalog.pg_attribute a"
                + " WHERE a.attrelid = ?::pg_catalog.regclass AND a.attname = 'id' AND NOT a.attisdropped";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, table.quoted());
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw new SQLException("table " + table + " has no column id", "42703");
                }
                return row.getString(1);
            }
        }
    }
}
