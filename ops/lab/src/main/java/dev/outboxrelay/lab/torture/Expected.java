package dev.outboxrelay.lab.torture;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A committed row as the tables have it: what the writer wrote down about it, and what became of it.
 *
 * @param number the event's place in its tenant by commit order, from 0
 * @param subject the full subject that its message must have
 * @param digest of the payload
 * @param headers the row's own
 * @param reason why it must become a dead letter; null for a row that breaks no rule
 * @param committedAt as {@code Outbox-Committed-At} must have it
 * @param row what the outbox holds of it; null when it holds nothing
 * @param dead its dead letter; null when there is none
 */
record Expected(
        long number,
        String id,
        String subject,
        String digest,
        Map<String, String> headers,
        @Nullable String reason,
        String committedAt,
        @Nullable Row row,
        @Nullable Dead dead) {

    /** What the ids of events without a row begin with. */
    static final String EMITTED = "outbox.emit:";

    /** Whether there never was a row. */
    boolean isEmitted() {
        return id.startsWith(EMITTED);
    }

    /**
     * What the outbox holds.
     *
     * @param published whether it has a time of publishing
     * @param faithful whether tenant, subject, payload and headers are as they were written
     */
    record Row(String status, boolean published, boolean faithful) {}

    /**
     * Its row in {@code outbox.dead_letter}: a dead letter, or an event that is or was parked.
     *
     * @param reason null unless it is or was dead
     * @param faithful whether tenant, subject, payload, headers and commit time are the row's
     */
    record Dead(@Nullable String reason, String state, boolean faithful) {}

    /** What {@code Nats-Msg-Id} and its like are for a tenant's event. */
    boolean isDeliverable() {
        return reason == null;
    }

    /** Whether an operator had it sent again. */
    boolean isReplayed() {
        return dead != null && dead.state().equals("replayed");
    }

    /** How an operator would mend it: also a row that breaks no rule may have been refused by its stream. */
    Optional<Mending> mending() {
        return Mending.of(Objects.requireNonNullElse(reason, "stream_rejected"));
    }

    String text() {
        return "event " + id + ", number " + number
                + Objects.requireNonNullElse(reason == null ? null : " (" + reason + ")", "");
    }
}
