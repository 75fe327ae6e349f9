package dev.outboxrelay.settle;

import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.TermGuard;
import dev.outboxrelay.rule.HeaderRule;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Writes parked events, in the order in which they are given, on a thread and a connection of its own. Many rows go
 * into one statement: a tenant that bursts or is blocked parks as fast as the source reads.
 *
 * <p>The order of {@code seq} is the order of {@link #add}. Writing an event twice leaves the first row as it is: the
 * second time comes from a commit in doubt or from a restart.
 */
public final class ParkWriter implements AutoCloseable {

    /** The sort makes sure that the sequence numbers are drawn in the order of the arrays. */
    private static final String INSERT =
            "INSERT INTO outbox.dead_letter (slot, kind, source, event_id, tenant_id, subject,"
                    + " payload, headers, committed_at, error, reason, state)"
                    + " SELECT ?, 'event', e.source, e.event_id, e.tenant_id, e.subject, e.payload,"
                    + " e.headers::pg_catalog.jsonb, timestamptz 'epoch' + e.micros * interval '1 microsecond', e.error, e.reason, 'parked'"
                    + " FROM ROWS FROM (pg_catalog.unnest(?::text[]), pg_catalog.unnest(?::text[]), pg_catalog.unnest(?::text[]),"
                    + " pg_catalog.unnest(?::text[]), pg_catalog.unnest(?::bytea[]), pg_catalog.unnest(?::text[]),"
                    + " pg_catalog.unnest(?::bigint[]), pg_catalog.unnest(?::text[]), pg_catalog.unnest(?::text[]))"
                    + " WITH ORDINALITY AS e (source, event_id, tenant_id, subject, payload, headers, micros, error, reason, n)"
                    + " ORDER BY e.n ON CONFLICT (slot, source, event_id, kind) DO NOTHING";

    private static final int BATCH = 1_000;
    private static final long STATEMENT_BYTES = 8L << 20;

    private final String slot;
    private final BatchWorker<Parking> worker;

    /**
     * Prepares the worker.
     *
     * @param guard under which leader events are parked
     * @param fenced called when another leader has taken over
     * @param broken called when the worker ended by a bug, with what was queued unwritten
     */
    public ParkWriter(Database database, TermGuard guard, Runnable fenced, Consumer<Throwable> broken) {
        this.slot = guard.slot();
        this.worker = new BatchWorker<>(
                "park", database, BATCH, Duration.ofMillis(2), guard, fenced, broken, Waiting::objects, this::write);
    }

    public void start() {
        worker.start();
    }

    /** Queues events behind everything queued before; returns at once. */
    public void add(List<Parking> events) {
        worker.add(events);
    }

    @Override
    public void close() {
        worker.close();
    }

    private List<Parking> write(Connection connection, List<Parking> batch, boolean patient) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
            int from = 0;
            while (from < batch.size()) {
                int to = end(batch, from);
                insert(connection, insert, batch.subList(from, to));
                from = to;
            }
        }
        connection.commit();
        // after the commit: a crash here means that the events come again and are found in the table
        batch.forEach(parking -> parking.done().run());
        return List.of();
    }

    /** How far one statement reaches: bounded in bytes, at least one event. */
    private static int end(List<Parking> batch, int from) {
        long bytes = batch.get(from).event().payload().size();
        int to = from + 1;
        while (to < batch.size()) {
            bytes += batch.get(to).event().payload().size();
            if (bytes > STATEMENT_BYTES) {
                break;
            }
            to++;
        }
        return to;
    }

    private void insert(Connection connection, PreparedStatement insert, List<Parking> rows) throws SQLException {
        insert.setString(1, slot);
        Array[] arrays = {
            texts(connection, rows, p -> p.event().row().table().toString()),
            texts(connection, rows, p -> p.event().id().value()),
            texts(connection, rows, p -> p.event().tenant()),
            texts(connection, rows, p -> p.event().subject()),
            connection.createArrayOf(
                    "bytea", rows.stream().map(p -> p.event().payload().bytes()).toArray(byte[][]::new)),
            texts(connection, rows, p -> headers(p.event())),
            connection.createArrayOf(
                    "int8",
                    rows.stream()
                            .map(p -> p.event().origin().committedAtMicros())
                            .toArray(Long[]::new)),
            texts(connection, rows, p -> ErrorText.of(p.malformed() == null ? p.error() : p.malformed())),
            texts(connection, rows, p -> p.malformed() == null ? null : Reason.MALFORMED_ROW.code()),
        };
        try {
            for (int i = 0; i < arrays.length; i++) {
                insert.setArray(i + 2, arrays[i]);
            }
            insert.executeUpdate();
        } finally {
            for (Array array : arrays) {
                array.free();
            }
        }
    }

    /**
     * Headers of the native table and of emitted events were jsonb before; others that break the rule are kept as one
     * JSON string.
     */
    private static @Nullable String headers(OutboxEvent event) {
        String headers = event.headersJson();
        TableName source = event.row().table();
        boolean fits = headers == null
                || source.equals(TableName.OUTBOX_MESSAGE)
                || source.equals(TableName.OUTBOX_EMIT)
                || HeaderRule.apply(headers) instanceof HeaderRule.Result.Accepted;
        return fits ? headers : LetterInsert.quoted(headers);
    }

    private static Array texts(Connection connection, List<Parking> rows, Function<Parking, @Nullable String> column)
            throws SQLException {
        return connection.createArrayOf("text", rows.stream().map(column).toArray(String[]::new));
    }
}
