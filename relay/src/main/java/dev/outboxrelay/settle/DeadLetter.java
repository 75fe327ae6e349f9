package dev.outboxrelay.settle;

import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Reason;

/**
 * An event that cannot be published.
 *
 * @param event the event, whole
 * @param error why, in words without content
 * @param attempts how often it was sent
 * @param done called exactly once, after the commit
 */
public record DeadLetter(OutboxEvent event, Reason reason, String error, int attempts, Runnable done) {}
