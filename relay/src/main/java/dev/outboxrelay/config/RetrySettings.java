package dev.outboxrelay.config;

import java.time.Duration;

/**
 * How long to wait before trying again ({@code outbox.retry.*}): the first pause, doubled each time up to the last.
 *
 * @param initial the first pause
 * @param max the longest pause; at least {@code initial}
 * @param maxAttempts how often one message alone may fail for a cause that no rule knows before it is a dead letter; an
 *     outage never counts
 */
public record RetrySettings(Duration initial, Duration max, int maxAttempts) {

    public RetrySettings {
        if (initial.compareTo(max) > 0) {
            throw new IllegalArgumentException("first pause " + initial + " above the longest " + max);
        }
    }
}
