package dev.outboxrelay.config;

import java.time.Duration;

/**
 * The shape of a tenant's stream, and what the relay does about it ({@code outbox.streams.*}).
 *
 * @param replicas copies in the cluster, 1 to 5
 * @param maxAge how long a message is kept
 * @param maxMessages most messages kept
 * @param duplicateWindow how long the server remembers message ids; at most {@code maxAge}
 * @param maxBytes most bytes kept; {@link #NO_LIMIT} for any number
 * @param discard what a full stream does
 * @param provision who looks after streams
 * @param checkInterval how often all streams are compared with their policies
 * @param createConcurrency most streams that are created at the same time
 * @param atomicBatches whether much that waits for one stream goes out as atomic batches
 */
public record StreamSettings(
        int replicas,
        Duration maxAge,
        long maxMessages,
        Duration duplicateWindow,
        long maxBytes,
        Discard discard,
        Storage storage,
        Compression compression,
        Provision provision,
        Duration checkInterval,
        int createConcurrency,
        AtomicBatches atomicBatches) {

    /** A number of bytes or messages that is no limit. */
    public static final long NO_LIMIT = -1;

    public StreamSettings {
        if (duplicateWindow.compareTo(maxAge) > 0) {
            throw new IllegalArgumentException("duplicate window " + duplicateWindow + " above max age " + maxAge);
        }
    }
}
