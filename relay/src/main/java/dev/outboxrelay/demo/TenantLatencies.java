package dev.outboxrelay.demo;

import java.time.Duration;

/** The latencies of one tenant: of the whole run, and of the last five to ten seconds. Thread-safe. */
final class TenantLatencies {

    private static final Duration WINDOW = Duration.ofSeconds(5);

    private final LatencyHistogram all = new LatencyHistogram();
    private LatencyHistogram current = new LatencyHistogram();
    private LatencyHistogram previous = new LatencyHistogram();
    private long turnedAt;

    /** Takes the present on the clock of {@link System#nanoTime}. */
    TenantLatencies(long nowNanos) {
        this.turnedAt = nowNanos;
    }

    synchronized void record(Duration latency, long nowNanos) {
        turn(nowNanos);
        all.record(latency);
        current.record(latency);
    }

    synchronized void addAllTo(LatencyHistogram sum) {
        all.addTo(sum);
    }

    synchronized void addRecentTo(LatencyHistogram sum, long nowNanos) {
        turn(nowNanos);
        current.addTo(sum);
        previous.addTo(sum);
    }

    private void turn(long nowNanos) {
        for (int turns = 0; turns < 2 && nowNanos - turnedAt >= WINDOW.toNanos(); turns++) {
            LatencyHistogram oldest = previous;
            previous = current;
            current = oldest;
            current.clear();
            turnedAt += WINDOW.toNanos();
        }
        if (nowNanos - turnedAt >= WINDOW.toNanos()) {
            turnedAt = nowNanos;
        }
    }
}
