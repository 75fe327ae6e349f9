package dev.outboxrelay.lab;

import java.time.Duration;

/**
 * What one contender needed for one drain. Processor time is in seconds for a million events, which is the same as
 * microseconds for one; where nobody looked, a figure is NaN and a size 0.
 *
 * @param rate events a second from the first to the last
 * @param lateRate events a second of the second half, when the JVM has warmed up
 * @param allocated bytes of the client's heap for each event
 * @param wrong empty, or what is wrong with what was stored
 */
record Measured(
        double rate,
        double lateRate,
        double postgres,
        double nats,
        double client,
        Sizes sizes,
        double allocated,
        String wrong) {

    /**
     * The highest resident sizes, in MB.
     *
     * @param nats of one nats-server
     * @param postgres of one backend, shared memory included
     */
    record Sizes(long client, long nats, long postgres) {
        static final Sizes UNKNOWN = new Sizes(0, 0, 0);
    }

    /** A drain of which the processor time was taken while so many events passed. */
    static Measured of(
            double rate, double lateRate, Usage used, long events, Sizes sizes, double allocated, String wrong) {
        return new Measured(
                rate,
                lateRate,
                perMillion(used.postgres(), events),
                perMillion(used.nats(), events),
                perMillion(used.client(), events),
                sizes,
                allocated,
                wrong);
    }

    /** Processor time of all parties. */
    double cpu() {
        return postgres + nats + client;
    }

    private static double perMillion(Duration used, long events) {
        return used.toNanos() / 1_000.0 / Math.max(1, events);
    }
}
