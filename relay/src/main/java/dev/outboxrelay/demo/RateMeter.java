package dev.outboxrelay.demo;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** The rate of a growing count over the last five seconds. One thread. */
final class RateMeter {

    private static final Duration WINDOW = Duration.ofSeconds(5);

    private final Deque<Sample> samples = new ArrayDeque<>();

    private record Sample(long nanos, long count) {}

    /** Takes the count at a moment on the clock of {@link System#nanoTime}; returns counts a second. */
    double sample(long count, long nowNanos) {
        samples.addLast(new Sample(nowNanos, count));
        while (samples.size() > 2 && nowNanos - samples.getFirst().nanos > WINDOW.toNanos()) {
            samples.removeFirst();
        }
        Sample first = samples.getFirst();
        long nanos = nowNanos - first.nanos;
        return nanos == 0 ? 0 : (count - first.count) * 1e9 / nanos;
    }
}
