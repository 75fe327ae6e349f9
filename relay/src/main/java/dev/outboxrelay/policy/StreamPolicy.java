package dev.outboxrelay.policy;

import dev.outboxrelay.config.Compression;
import dev.outboxrelay.config.Discard;
import dev.outboxrelay.config.Storage;
import java.time.Duration;

/**
 * The shape that a tenant's stream should have.
 *
 * @param maxAge zero for ever
 * @param maxMessages -1 for any number; the same for {@code maxBytes}
 * @param duplicateWindow at most {@code maxAge}, unless that is zero
 */
public record StreamPolicy(
        Duration maxAge,
        long maxMessages,
        long maxBytes,
        int replicas,
        Discard discard,
        Storage storage,
        Compression compression,
        Duration duplicateWindow) {

    public StreamPolicy {
        if (!maxAge.isZero() && duplicateWindow.compareTo(maxAge) > 0) {
            throw new IllegalArgumentException("duplicate window " + duplicateWindow + " above max age " + maxAge);
        }
    }
}
