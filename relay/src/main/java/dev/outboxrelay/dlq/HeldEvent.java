package dev.outboxrelay.dlq;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An event that {@code outbox.message} holds, that is not on its way, and that nobody has to decide about.
 *
 * @param created when its transaction began
 * @param published when it was published last, as far as the tables tell; null when they do not: settle mode
 *     {@code keep}, or a row that somebody had locked
 * @param bytes of its payload
 */
public record HeldEvent(UUID id, Instant created, @Nullable Instant published, long bytes) {

    /** When it was published, or at the earliest. */
    public Instant publishedAtEarliest() {
        return published == null ? created : published;
    }
}
