package dev.outboxrelay.dlq;

import dev.outboxrelay.event.Reason;

/**
 * A letter that is not replayed because the relay would refuse it again.
 *
 * @param error what is wrong with it as it would be sent, without content
 */
public record Refusal(Letter letter, Reason reason, String error) {}
