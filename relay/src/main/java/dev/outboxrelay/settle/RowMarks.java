package dev.outboxrelay.settle;

import dev.outboxrelay.config.Marking;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Makes outbox rows show what became of their letters, as far as they can be had at this moment. Thread-safe. */
final class RowMarks {

    private final Map<TableName, TableMapping> tables;

    RowMarks(Map<TableName, TableMapping> tables) {
        this.tables = Map.copyOf(tables);
    }

    /** Marks or deletes rows whose events are in their stream; returns the letters whose row was locked or not seen. */
    Set<Long> publish(Connection connection, Map<Long, RowRef> rows) throws SQLException {
        RowStatements statements = new RowStatements(connection);
        return unreached(rows, (table, ids) -> {
            TableMapping mapping = tables.get(table);
            return mapping == null || mapping.settle() == SettleMode.KEEP ? ids : statements.settleLate(mapping, ids);
        });
    }

    /** Marks rows whose events will not be sent; returns the letters whose row was locked or not seen. */
    Set<Long> fail(Connection connection, Map<Long, RowRef> rows) throws SQLException {
        RowStatements statements = new RowStatements(connection);
        return unreached(rows, (table, ids) -> {
            TableMapping mapping = tables.get(table);
            Marking marks = mapping == null ? null : mapping.marks();
            return mapping == null || marks == null || !marks.canFail() ? ids : statements.fail(mapping, marks, ids);
        });
    }

    /** Those letters whose row is not there, or not yet. */
    Set<Long> invisible(Connection connection, Map<Long, RowRef> rows) throws SQLException {
        RowStatements statements = new RowStatements(connection);
        return unreached(rows, (table, ids) -> {
            TableMapping mapping = tables.get(table);
            return mapping == null ? ids : statements.visible(mapping, ids);
        });
    }

    private interface Reach {
        Set<String> reached(TableName table, Set<String> ids) throws SQLException;
    }

    private static Set<Long> unreached(Map<Long, RowRef> rows, Reach reach) throws SQLException {
        Map<TableName, Map<String, Long>> byTable = new LinkedHashMap<>();
        rows.forEach((seq, row) -> byTable.computeIfAbsent(row.table(), unused -> new LinkedHashMap<>())
                .put(row.id(), seq));
        Set<Long> unreached = new HashSet<>();
        for (Map.Entry<TableName, Map<String, Long>> table : byTable.entrySet()) {
            Map<String, Long> letters = new LinkedHashMap<>(table.getValue());
            letters.keySet()
                    .removeAll(reach.reached(
                            table.getKey(), Set.copyOf(table.getValue().keySet())));
            unreached.addAll(letters.values());
        }
        return unreached;
    }
}
