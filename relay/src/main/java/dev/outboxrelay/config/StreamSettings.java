package dev.outboxrelay.config;

import java.time.Duration;

/**
 * The shape of a tenant's stream when the relay creates it ({@code outbox.streams.*}).
 *
 * @param replicas copies in the cluster, 1 to 5
 * @param maxAge how long a message is kept
 * @param maxMessages most messages kept; the oldest go first
 * @param duplicateWindow how long the server remembers message ids; at most {@code maxAge}
 * @param createConcurrency most streams that are created at the same time
 */
public record StreamSettings(
        int replicas, Duration maxAge, long maxMessages, Duration duplicateWindow, int createConcurrency) {

    public StreamSettings {
        if (duplicateWindow.compareTo(maxAge) > 0) {
            throw new IllegalArgumentException("duplicate window " + duplicateWindow + " above max age " + maxAge);
        }
    }
}
