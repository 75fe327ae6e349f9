package dev.outboxrelay.dlq;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code outbox.dead_letter}, without the payload. Texts are as they were written: any text.
 *
 * @param payloadBytes the payload's size; null when there is none
 */
public record Letter(
        long seq,
        Kind kind,
        State state,
        String source,
        String eventId,
        @Nullable String tenant,
        @Nullable String subject,
        @Nullable String headers,
        @Nullable String replaySubject,
        @Nullable String replayHeaders,
        @Nullable Long payloadBytes,
        @Nullable Instant committedAt,
        @Nullable String reason,
        @Nullable String error,
        int attempts,
        @Nullable Instant firstFailedAt,
        @Nullable Instant deadAt,
        @Nullable Instant resolvedAt) {}
