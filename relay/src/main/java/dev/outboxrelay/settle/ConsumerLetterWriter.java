package dev.outboxrelay.settle;

import dev.outboxrelay.consumer.GivenUpMessage;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.TermGuard;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes what consumers gave up as dead letters of kind {@code consumer}, on a thread and a connection of its own. One
 * that is given up again, after its consumer was made anew say, is the same letter, open once more.
 */
public final class ConsumerLetterWriter implements AutoCloseable {

    private static final int BATCH = 100;

    /** Nobody waits for it. */
    private static final Duration LINGER = Duration.ofMillis(100);

    private static final String SQL = "INSERT INTO outbox.dead_letter AS d (slot, kind, source, event_id, tenant_id,"
            + " subject, payload, headers, committed_at, reason, error, attempts, first_failed_at, dead_at, state)"
            + " VALUES (?, 'consumer', ?, ?, ?, ?, ?, ?::pg_catalog.jsonb, ?, ?, ?, ?, ?, ?, 'dead')"
            + " ON CONFLICT (slot, source, event_id, kind) DO UPDATE SET state = 'dead', resolved_at = NULL,"
            + " reason = excluded.reason, error = excluded.error, attempts = excluded.attempts,"
            + " dead_at = excluded.dead_at WHERE d.dead_at < excluded.dead_at";

    private final String slot;
    private final BatchWorker<GivenUpMessage> worker;

    /**
     * Prepares the worker.
     *
     * @param guard under which leader letters are written
     * @param fenced called when another leader has taken over
     * @param broken called when the worker ended by a bug, with what was queued unwritten
     */
    public ConsumerLetterWriter(Database database, TermGuard guard, Runnable fenced, Consumer<Throwable> broken) {
        this.slot = guard.slot();
        this.worker = new BatchWorker<>(
                "consumer-letter", database, BATCH, LINGER, guard, fenced, broken, Waiting::objects, this::write);
    }

    public void start() {
        worker.start();
    }

    /** Queues a letter; returns at once. */
    public void add(GivenUpMessage message) {
        worker.add(List.of(message));
    }

    @Override
    public void close() {
        worker.close();
    }

    private List<GivenUpMessage> write(Connection connection, List<GivenUpMessage> batch, boolean patient)
            throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(SQL)) {
            for (GivenUpMessage message : batch) {
                bind(insert, message);
                insert.executeUpdate(); // one by one: payloads may be large, and a conflict may lie in the same batch
            }
        }
        connection.commit();
        return List.of();
    }

    private void bind(PreparedStatement insert, GivenUpMessage message) throws SQLException {
        String id = message.eventId();
        Payload payload = message.payload();
        insert.setString(1, slot);
        insert.setString(2, message.stream() + '/' + message.consumer());
        insert.setString(3, id == null ? "sequence " + message.sequence() : id);
        insert.setString(4, message.tenant());
        insert.setString(5, message.subject());
        insert.setBytes(6, payload == null ? null : payload.bytes());
        insert.setString(7, message.headersJson());
        insert.setObject(8, time(message.committedAt()));
        insert.setString(9, message.code());
        insert.setString(10, ErrorText.of(message.text()));
        insert.setInt(11, message.deliveries());
        insert.setObject(12, time(message.at()));
        insert.setObject(13, time(message.at()));
    }

    private static @Nullable OffsetDateTime time(@Nullable Instant instant) {
        return instant == null ? null : instant.atOffset(ZoneOffset.UTC);
    }
}
