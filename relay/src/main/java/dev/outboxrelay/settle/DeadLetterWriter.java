package dev.outboxrelay.settle;

import dev.outboxrelay.config.Marking;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.TermGuard;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Writes dead letters, each in one transaction with the {@code failed} of its row, on a thread and a connection of its
 * own. Writing the same event twice leaves one dead letter: the second time comes from a restart.
 */
public final class DeadLetterWriter implements AutoCloseable {

    private static final int BATCH = 100;

    /** Only the tenant itself waits for it; a commit every now and then is what others notice least. */
    private static final Duration LINGER = Duration.ofMillis(10);

    private final String slot;
    private final Map<TableName, TableMapping> tables;
    private final BatchWorker<DeadLetter> worker;

    /**
     * Prepares the worker.
     *
     * @param tables how rows of each table are settled; those that are marked are marked as failed, if they can be
     * @param guard under which leader dead letters are written
     * @param fenced called when another leader has taken over
     * @param broken called when the worker ended by a bug, with what was queued unwritten
     */
    public DeadLetterWriter(
            Database database,
            Map<TableName, TableMapping> tables,
            TermGuard guard,
            Runnable fenced,
            Consumer<Throwable> broken) {
        this.slot = guard.slot();
        this.tables = Map.copyOf(tables);
        this.worker = new BatchWorker<>(
                "dead-letter", database, BATCH, LINGER, guard, fenced, broken, Waiting::objects, this::write);
    }

    public void start() {
        worker.start();
    }

    /** Queues a dead letter; returns at once. */
    public void add(DeadLetter letter) {
        worker.add(List.of(letter));
    }

    @Override
    public void close() {
        worker.close();
    }

    private List<DeadLetter> write(Connection connection, List<DeadLetter> batch, boolean patient) throws SQLException {
        Set<DeadLetter> unreachable = failRows(connection, batch, patient);
        List<DeadLetter> again = new ArrayList<>();
        List<DeadLetter> done = new ArrayList<>();
        try (LetterInsert insert = new LetterInsert(connection, slot)) {
            for (DeadLetter letter : batch) {
                if (unreachable.contains(letter)) {
                    again.add(letter);
                } else {
                    insert.add(letter);
                    done.add(letter);
                }
            }
            insert.execute();
        }
        connection.commit();
        // after the commit: a crash here means that the event comes again and is found in the table
        done.forEach(letter -> letter.done().run());
        return again;
    }

    /** Marks the rows and returns the letters whose row is locked or not visible yet: these have to wait. */
    private Set<DeadLetter> failRows(Connection connection, List<DeadLetter> batch, boolean patient)
            throws SQLException {
        RowStatements statements = new RowStatements(connection);
        Map<TableName, List<DeadLetter>> byTable = batch.stream()
                .filter(letter -> hasRow(letter) && failing(letter.event().row().table()) != null)
                .collect(Collectors.groupingBy(l -> l.event().row().table(), LinkedHashMap::new, Collectors.toList()));
        Set<DeadLetter> unreachable = new HashSet<>();
        for (Map.Entry<TableName, List<DeadLetter>> entry : byTable.entrySet()) {
            TableName table = entry.getKey();
            Set<String> ids =
                    entry.getValue().stream().map(l -> l.event().row().id()).collect(Collectors.toSet());
            TableMapping mapping = Objects.requireNonNull(tables.get(table));
            Set<String> failed = statements.fail(mapping, Objects.requireNonNull(failing(table)), ids);
            ids.removeAll(failed);
            Set<String> waiting = patient || ids.isEmpty() ? ids : statements.visible(mapping, ids);
            for (DeadLetter letter : entry.getValue()) {
                if (waiting.contains(letter.event().row().id())) {
                    unreachable.add(letter);
                }
            }
        }
        return unreachable;
    }

    /** A row without a usable id cannot be found by it. */
    private static boolean hasRow(DeadLetter letter) {
        return !letter.event().row().id().startsWith(EventId.MADE_UP);
    }

    /** The marks of a table whose rows can say that they failed. */
    private @Nullable Marking failing(TableName table) {
        TableMapping mapping = tables.get(table);
        Marking marks = mapping == null ? null : mapping.marks();
        return marks == null || !marks.canFail() ? null : marks;
    }
}
