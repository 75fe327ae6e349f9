package dev.outboxrelay.lane;

import dev.outboxrelay.event.Reason;

/**
 * Why an event is a dead letter.
 *
 * @param error in words, without payload or header values
 */
public record Rejection(Reason reason, String error) {}
