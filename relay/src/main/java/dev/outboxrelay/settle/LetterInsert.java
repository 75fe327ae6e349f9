package dev.outboxrelay.settle;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.postgres.SqlErrors;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/** The statement that writes dead letters, many at a time. An event that is there already stays as it is. */
final class LetterInsert implements AutoCloseable {

    private static final String SQL = "INSERT INTO outbox.dead_letter (slot, kind, source, event_id, tenant_id,"
            + " subject, payload, headers, committed_at, reason, error, attempts, first_failed_at, dead_at, state)"
            + " VALUES (?, 'event', ?, ?, ?, ?, ?, ?::pg_catalog.jsonb, ?, ?, ?, ?, pg_catalog.now(), pg_catalog.now(), 'dead')"
            + " ON CONFLICT (slot, source, event_id, kind) DO NOTHING";

    private static final long BATCH_BYTES = 8L << 20;

    private final Connection connection;
    private final String slot;
    private final PreparedStatement insert;
    private long bytes;

    LetterInsert(Connection connection, String slot) throws SQLException {
        this.connection = connection;
        this.slot = slot;
        this.insert = connection.prepareStatement(SQL);
    }

    /** Writes a letter, now or with the next ones. */
    void add(DeadLetter letter) throws SQLException {
        if (mayNotBeJsonb(letter.event())) {
            addAlone(letter);
            return;
        }
        bind(letter, letter.event().headersJson());
        insert.addBatch();
        bytes += letter.event().payload().size();
        if (bytes > BATCH_BYTES) {
            execute();
        }
    }

    /** Writes what was added and is not written yet. */
    void execute() throws SQLException {
        insert.executeBatch();
        bytes = 0;
    }

    @Override
    public void close() throws SQLException {
        insert.close();
    }

    /** Headers of the native table come out of a jsonb column; those of others from a column of any type. */
    private static boolean mayNotBeJsonb(OutboxEvent event) {
        return event.headersJson() != null && !event.row().table().equals(TableName.OUTBOX_MESSAGE);
    }

    /** What jsonb does not take is kept all the same, as one JSON string. */
    private void addAlone(DeadLetter letter) throws SQLException {
        execute();
        Savepoint before = connection.setSavepoint();
        try {
            bind(letter, letter.event().headersJson());
            insert.executeUpdate();
            connection.releaseSavepoint(before);
        } catch (SQLException e) {
            if (!isBadValue(e)) {
                throw e;
            }
            connection.rollback(before);
            bind(letter, quoted(letter.event().headersJson()));
            insert.executeUpdate();
        }
    }

    /** Data exceptions, and limits of what a value may be (PostgreSQL documentation, appendix A). */
    private static boolean isBadValue(SQLException e) {
        String state = SqlErrors.stateOf(e);
        return state.startsWith("22") || state.startsWith("54");
    }

    static @Nullable String quoted(@Nullable String text) {
        return text == null
                ? null
                : '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }

    private void bind(DeadLetter letter, @Nullable String headers) throws SQLException {
        OutboxEvent event = letter.event();
        insert.setString(1, slot);
        insert.setString(2, event.row().table().toString());
        insert.setString(3, event.id().value());
        insert.setString(4, event.tenant());
        insert.setString(5, event.subject());
        insert.setBytes(6, event.payload().bytes());
        insert.setString(7, headers);
        insert.setObject(8, time(event.origin().committedAtMicros()));
        insert.setString(9, letter.reason().code());
        insert.setString(10, ErrorText.of(letter.error()));
        insert.setInt(11, letter.attempts());
    }

    private static OffsetDateTime time(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS).atOffset(ZoneOffset.UTC);
    }
}
