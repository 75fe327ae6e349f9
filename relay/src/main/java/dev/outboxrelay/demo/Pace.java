package dev.outboxrelay.demo;

import java.time.Duration;

/** Spreads events evenly over time, for all writers together. Thread-safe. */
final class Pace {

    private final double nanosPerEvent;
    private long nextFree;

    /** Takes the rate in events a second and the present on the clock of {@link System#nanoTime}. */
    Pace(int eventsPerSecond, long nowNanos) {
        this.nanosPerEvent = 1e9 / eventsPerSecond;
        this.nextFree = nowNanos;
    }

    /** Takes room for some events; returns how long to wait before they are written. Time not used is not saved up. */
    synchronized Duration take(int events, long nowNanos) {
        long start = Math.max(nextFree, nowNanos);
        nextFree = start + (long) (events * nanosPerEvent);
        return Duration.ofNanos(start - nowNanos);
    }
}
