package dev.outboxrelay.demo;

import java.time.Duration;
import java.util.Optional;

/** Counts durations in buckets that are 4 % wide, from 10 µs to some minutes. Thread-safe. */
final class LatencyHistogram {

    private static final double LEAST_MICROS = 10;
    private static final double LOG_WIDTH = Math.log(1.04);
    private static final int BUCKETS = 450;

    private final long[] counts = new long[BUCKETS];
    private long total;

    synchronized void record(Duration latency) {
        counts[bucket(latency.toNanos() / 1_000.0)]++;
        total++;
    }

    synchronized void clear() {
        java.util.Arrays.fill(counts, 0);
        total = 0;
    }

    /** Adds this one's counts to another. */
    synchronized void addTo(LatencyHistogram sum) {
        synchronized (sum) {
            for (int i = 0; i < BUCKETS; i++) {
                sum.counts[i] += counts[i];
            }
            sum.total += total;
        }
    }

    /** The duration that a share of all (0 to 1) do not exceed, right within 4 %; empty when nothing was counted. */
    synchronized Optional<Duration> quantile(double share) {
        if (total == 0) {
            return Optional.empty();
        }
        long rank = Math.max(1, (long) Math.ceil(share * total));
        long below = 0;
        int bucket = -1;
        while (below < rank) {
            below += counts[++bucket];
        }
        return Optional.of(Duration.ofNanos((long) (LEAST_MICROS * Math.exp((bucket + 1) * LOG_WIDTH) * 1_000)));
    }

    private static int bucket(double micros) {
        if (micros <= LEAST_MICROS) {
            return 0;
        }
        return Math.min(BUCKETS - 1, (int) (Math.log(micros / LEAST_MICROS) / LOG_WIDTH));
    }
}
