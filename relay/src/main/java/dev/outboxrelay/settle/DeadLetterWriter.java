package dev.outboxrelay.settle;

import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.TermGuard;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Writes dead letters, each in one transaction with the {@code failed} of its row, on a thread and a connection of its
 * own. Writing the same event twice leaves one dead letter: the second time comes from a restart.
 */
public final class DeadLetterWriter implements AutoCloseable {

    private static final String INSERT = "INSERT INTO outbox.dead_letter (slot, kind, source, event_id, tenant_id,"
            + " subject, payload, headers, committed_at, reason, error, attempts, first_failed_at, dead_at, state)"
            + " VALUES (?, 'event', ?, ?, ?, ?, ?, ?::pg_catalog.jsonb, ?, ?, ?, ?, pg_catalog.now(), pg_catalog.now(), 'dead')"
            + " ON CONFLICT (slot, source, event_id, kind) DO NOTHING";

    private static final int BATCH = 100;
    private static final long BATCH_BYTES = 8L << 20;

    private final String slot;
    private final Map<TableName, SettleMode> modes;
    private final BatchWorker<DeadLetter> worker;

    /**
     * Prepares the worker.
     *
     * @param modes how rows of each table are settled; those that are marked get {@code failed}
     * @param guard under which leader dead letters are written
     * @param fenced called when another leader has taken over
     * @param broken called when the worker ended by a bug, with what was queued unwritten
     */
    public DeadLetterWriter(
            Database database,
            Map<TableName, SettleMode> modes,
            TermGuard guard,
            Runnable fenced,
            Consumer<Throwable> broken) {
        this.slot = guard.slot();
        this.modes = Map.copyOf(modes);
        this.worker = new BatchWorker<>(
                "dead-letter", database, BATCH, Duration.ofMillis(2), guard, fenced, broken, this::write);
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
        long bytes = 0;
        try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
            for (DeadLetter letter : batch) {
                if (unreachable.contains(letter)) {
                    again.add(letter);
                    continue;
                }
                bind(insert, letter);
                insert.addBatch();
                done.add(letter);
                bytes += letter.event().payload().size();
                if (bytes > BATCH_BYTES) {
                    insert.executeBatch();
                    bytes = 0;
                }
            }
            insert.executeBatch();
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
                .filter(letter -> modes.getOrDefault(letter.event().row().table(), SettleMode.KEEP) == SettleMode.MARK)
                .collect(Collectors.groupingBy(l -> l.event().row().table(), LinkedHashMap::new, Collectors.toList()));
        Set<DeadLetter> unreachable = new HashSet<>();
        for (Map.Entry<TableName, List<DeadLetter>> entry : byTable.entrySet()) {
            TableName table = entry.getKey();
            Set<String> ids =
                    entry.getValue().stream().map(l -> l.event().row().id()).collect(Collectors.toSet());
            Set<String> failed = statements.fail(table, ids);
            ids.removeAll(failed);
            Set<String> waiting = patient || ids.isEmpty() ? ids : statements.visible(table, ids);
            for (DeadLetter letter : entry.getValue()) {
                if (waiting.contains(letter.event().row().id())) {
                    unreachable.add(letter);
                }
            }
        }
        return unreachable;
    }

    private void bind(PreparedStatement insert, DeadLetter letter) throws SQLException {
        OutboxEvent event = letter.event();
        insert.setString(1, slot);
        insert.setString(2, event.row().table().toString());
        insert.setString(3, event.id().value());
        insert.setString(4, event.tenant());
        insert.setString(5, event.subject());
        insert.setBytes(6, event.payload().bytes());
        insert.setString(7, event.headersJson());
        insert.setObject(8, time(event.origin().committedAtMicros()));
        insert.setString(9, letter.reason().code());
        insert.setString(10, ErrorText.of(letter.error()));
        insert.setInt(11, letter.attempts());
    }

    private static OffsetDateTime time(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS).atOffset(ZoneOffset.UTC);
    }
}
