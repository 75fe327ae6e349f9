package dev.outboxrelay.lane;

/**
 * What bounds a lane.
 *
 * @param window most events in flight
 * @param deadLetters most dead letters being written at the same time
 * @param retry pauses and attempts
 * @param conflictPauseNanos how long a name conflict is believed before it is looked at again
 */
public record LaneLimits(int window, int deadLetters, RetryPolicy retry, long conflictPauseNanos) {}
