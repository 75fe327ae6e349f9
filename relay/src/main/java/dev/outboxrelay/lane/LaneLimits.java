package dev.outboxrelay.lane;

import java.time.Duration;

/**
 * What bounds a lane.
 *
 * @param window most events in flight
 * @param deadLetters most dead letters being written at the same time
 * @param retry pauses and attempts
 * @param conflictPause how long a name conflict is believed before it is looked at again
 * @param maxEvents most events that wait in memory; beyond that they are parked
 * @param maxBytes most bytes of events that wait in memory; beyond that they are parked
 * @param parkAfter how long events may wait for a lane that gets nowhere before they are parked
 * @param hold whether later events wait behind a dead letter until somebody decides about it
 * @param paused whether nothing is published: what comes is parked
 * @param batching how many events go out at once, where the stream takes that
 */
public record LaneLimits(
        int window,
        int deadLetters,
        RetryPolicy retry,
        Duration conflictPause,
        int maxEvents,
        long maxBytes,
        Duration parkAfter,
        boolean hold,
        boolean paused,
        Batching batching) {

    /** Limits under which every event goes out by itself. */
    public LaneLimits(
            int window,
            int deadLetters,
            RetryPolicy retry,
            Duration conflictPause,
            int maxEvents,
            long maxBytes,
            Duration parkAfter,
            boolean hold,
            boolean paused) {
        this(window, deadLetters, retry, conflictPause, maxEvents, maxBytes, parkAfter, hold, paused, Batching.NONE);
    }
}
