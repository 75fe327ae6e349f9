package dev.outboxrelay.lane;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Exponential pauses with jitter.
 *
 * @param initial the first pause
 * @param max the longest
 * @param maxAttempts how often one message alone may fail before it is a dead letter
 */
public record RetryPolicy(Duration initial, Duration max, int maxAttempts) {

    /** The pause before try number {@code failures + 1}, in nanoseconds: between half and the whole of its step. */
    public long pauseNanos(int failures, RandomGenerator random) {
        int doublings = Math.min(Math.max(failures - 1, 0), 30);
        long step = Math.min(max.toNanos(), initial.toNanos() << doublings);
        if (step < 0) {
            step = max.toNanos();
        }
        return step / 2 + random.nextLong(step / 2 + 1);
    }
}
