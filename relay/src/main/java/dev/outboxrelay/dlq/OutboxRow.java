package dev.outboxrelay.dlq;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A row of {@code outbox.message}, without the payload. Texts are as they were written: any text. */
public record OutboxRow(
        String tenant,
        String subject,
        @Nullable String headers,
        String status,
        Instant created,
        @Nullable Instant published) {}
