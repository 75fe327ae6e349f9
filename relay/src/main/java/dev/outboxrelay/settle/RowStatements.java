package dev.outboxrelay.settle;

import dev.outboxrelay.config.Marking;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.TableMapping;
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
    private final Map<TableName, Key> keys = new HashMap<>();

    /**
     * What a statement has to know of a table's key.
     *
     * @param type comparing as text would not use the index
     * @param partitioned whether the planner would rather read every partition as a whole than look a row up in each
     */
    private record Key(String type, boolean partitioned) {}

    RowStatements(Connection connection) {
        this.connection = connection;
    }

    boolean isOf(Connection other) {
        return connection == other;
    }

    /** Settles published rows and tells which of them it got hold of. */
    Set<String> settle(TableMapping table, Collection<String> ids) throws SQLException {
        Marking marks = table.marks();
        return marks == null ? delete(table, ids) : update(table, MarkSql.publish(marks), MarkSql.pending(marks), ids);
    }

    /** The same for rows that may have been failed before: their events were dead letters. */
    Set<String> settleLate(TableMapping table, Collection<String> ids) throws SQLException {
        Marking marks = table.marks();
        return marks == null
                ? delete(table, ids)
                : update(table, MarkSql.publishLate(marks), MarkSql.unpublished(marks), ids);
    }

    /** Marks rows of a table that can say so as failed, and tells which of them it got hold of. */
    Set<String> fail(TableMapping table, Marking marks, Collection<String> ids) throws SQLException {
        return update(table, MarkSql.fail(marks), MarkSql.pending(marks), ids);
    }

    /** Which of these rows can be seen at all, locked or not. */
    Set<String> visible(TableMapping table, Collection<String> ids) throws SQLException {
        String id = MarkSql.id(table);
        return run(
                "SELECT " + id + "::text FROM " + table.name().quoted() + " WHERE " + id + " = " + any(key(table)),
                1,
                ids);
    }

    private Set<String> delete(TableMapping table, Collection<String> ids) throws SQLException {
        if (table.settle() != SettleMode.DELETE) {
            throw new IllegalStateException("rows of " + table.name() + " are not settled in the table");
        }
        return run(locking(table, "DELETE FROM %1$s m USING target WHERE m.%2$s = target.%2$s%4$s"), times(table), ids);
    }

    private Set<String> update(TableMapping table, String set, String open, Collection<String> ids)
            throws SQLException {
        // neither text may be taken for a template: values come from the configuration
        String action = "UPDATE %1$s m SET ".formatted(table.name().quoted())
                + set
                + " FROM target WHERE m.%1$s = target.%1$s AND ".formatted(MarkSql.id(table))
                + open;
        return run(locking(table, action.replace("%", "%%") + "%4$s"), times(table), ids);
    }

    private String locking(TableMapping table, String action) throws SQLException {
        Key key = key(table);
        String id = MarkSql.id(table);
        String again = key.partitioned() ? " AND m." + id + " = " + any(key) : "";
        return ("WITH target AS (SELECT %2$s FROM %1$s WHERE %2$s = %3$s FOR NO KEY UPDATE SKIP LOCKED), done AS ("
                        + action + ") SELECT %2$s::text FROM target")
                .formatted(table.name().quoted(), id, any(key), again);
    }

    /** How often the ids are asked for in a statement that locks. */
    private int times(TableMapping table) throws SQLException {
        return key(table).partitioned() ? 2 : 1;
    }

    private static String any(Key key) {
        return "ANY (?::" + key.type() + "[])";
    }

    private Key key(TableMapping table) throws SQLException {
        Key key = keys.get(table.name());
        if (key == null) {
            key = read(table);
            keys.put(table.name(), key);
        }
        return key;
    }

    private Set<String> run(String sql, int times, Collection<String> ids) throws SQLException {
        Array array = connection.createArrayOf("text", ids.toArray());
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 1; i <= times; i++) {
                statement.setArray(i, array);
            }
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

    private Key read(TableMapping table) throws SQLException {
        String sql = "SELECT pg_catalog.format_type(a.atttypid, NULL), c.relkind = 'p' FROM pg_catalog.pg_attribute a"
                + " JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
                + " WHERE c.oid = ?::pg_catalog.regclass AND a.attname = ? AND NOT a.attisdropped";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, table.name().quoted());
            statement.setString(2, table.id());
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw new SQLException("table " + table.name() + " has no column " + table.id(), "42703");
                }
                return new Key(row.getString(1), row.getBoolean(2));
            }
        }
    }
}
