package dev.outboxrelay.event;

import org.jspecify.annotations.Nullable;

/**
 * A committed outbox row, as it was: nothing in it has been judged yet except that it has an id.
 *
 * @param id the event's identity
 * @param row the row to settle
 * @param tenant the tenant id as the row has it, any text
 * @param subject the subject as the row has it, any text
 * @param headersJson the row's headers as JSON text, any JSON, or null
 * @param payload the bytes to publish
 * @param origin where it lies in the WAL
 */
public record OutboxEvent(
        EventId id,
        RowRef row,
        String tenant,
        String subject,
        @Nullable String headersJson,
        Payload payload,
        Origin origin) {

    /** What names the event in logs and errors, without any of its content. */
    @Override
    public String toString() {
        return "event " + id + " at " + origin.lsn();
    }
}
