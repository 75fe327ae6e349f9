package dev.outboxrelay.settle;

import dev.outboxrelay.event.OutboxEvent;

/**
 * An event that waits in the table until its tenant recovers.
 *
 * @param event the event, whole; it has passed every rule of the router
 * @param error why it waits, in words without content
 * @param done called exactly once, after the commit; a crash before that call means that the event comes again and is
 *     found in the table
 */
public record Parking(OutboxEvent event, String error, Runnable done) {}
