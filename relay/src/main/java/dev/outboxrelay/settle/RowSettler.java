package dev.outboxrelay.settle;

import dev.outboxrelay.config.SettleSettings;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.TermGuard;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Marks or deletes published rows, in batches, on a thread and a connection of its own.
 *
 * <p>A row that somebody else has locked, or that cannot be seen yet (its commit is in the WAL a moment before other
 * sessions see it), is tried again apart from the others: it costs its tenant nothing but its own ticket. A row that
 * stays invisible was deleted by its application; it is given up after {@value #INVISIBLE_SECONDS} seconds.
 */
public final class RowSettler implements AutoCloseable {

    /** How long a row may be invisible before it is taken for deleted. */
    static final int INVISIBLE_SECONDS = 10;

    private final Map<TableName, TableMapping> tables;
    private final Consumer<Settlement> settled;
    private final BatchWorker<Settlement> worker;
    private @Nullable RowStatements last;

    /**
     * Prepares the worker.
     *
     * @param tables what to do with rows of each table
     * @param guard under which leader rows are settled
     * @param fenced called when another leader has taken over
     * @param settled called exactly once for each row, after the commit; a crash before that call means that the event
     *     comes again and is settled again, to the same end
     * @param broken called when the worker ended by a bug, with what was queued unsettled
     */
    public RowSettler(
            Database database,
            Map<TableName, TableMapping> tables,
            SettleSettings settings,
            TermGuard guard,
            Consumer<Settlement> settled,
            Runnable fenced,
            Consumer<Throwable> broken) {
        this.tables = Map.copyOf(tables);
        this.settled = settled;
        this.worker = new BatchWorker<>(
                "settle",
                database,
                settings.batch(),
                settings.linger(),
                guard,
                fenced,
                broken,
                WaitingRows::new,
                this::settle);
    }

    public void start() {
        worker.start();
    }

    /** Queues rows; returns at once. */
    public void add(List<Settlement> settlements) {
        worker.add(settlements);
    }

    @Override
    public void close() {
        worker.close();
    }

    private List<Settlement> settle(Connection connection, List<Settlement> batch, boolean patient)
            throws SQLException {
        RowStatements statements = statements(connection);
        Map<TableName, List<Settlement>> byTable = batch.stream()
                .collect(Collectors.groupingBy(s -> s.row().table(), LinkedHashMap::new, Collectors.toList()));
        List<Settlement> again = new ArrayList<>();
        List<Settlement> done = new ArrayList<>(batch.size());
        for (Map.Entry<TableName, List<Settlement>> entry : byTable.entrySet()) {
            TableMapping mapping = mapping(entry.getKey());
            Set<String> ids = entry.getValue().stream().map(s -> s.row().id()).collect(Collectors.toSet());
            Set<String> reached = statements.settle(mapping, ids);
            Set<String> locked = Set.of();
            if (!patient && reached.size() < ids.size()) {
                // out of patience with what cannot be seen, never with what is locked
                ids.removeAll(reached);
                locked = statements.visible(mapping, ids);
            }
            for (Settlement settlement : entry.getValue()) {
                String id = settlement.row().id();
                boolean open = !reached.contains(id) && (patient || locked.contains(id));
                (open ? again : done).add(settlement);
            }
        }
        connection.commit();
        // after the commit: a crash here means that the events come again and find their rows settled
        done.forEach(settled);
        return again;
    }

    /** Those of the last batch while the connection is the same: they know the tables' keys. */
    private RowStatements statements(Connection connection) {
        RowStatements known = last;
        if (known == null || !known.isOf(connection)) {
            known = new RowStatements(connection);
            last = known;
        }
        return known;
    }

    private TableMapping mapping(TableName table) {
        TableMapping mapping = tables.get(table);
        if (mapping == null) {
            throw new IllegalStateException("table " + table + " is not mapped");
        }
        return mapping;
    }
}
