package dev.outboxrelay.settle;

import dev.outboxrelay.event.OutboxEvent;
import org.jspecify.annotations.Nullable;

/**
 * An event that waits in the table until its tenant recovers. One that breaks a rule waits too, in its place: it is
 * judged again when it is its turn.
 *
 * @param event the event, whole
 * @param error why it waits, in words without content
 * @param malformed what is wrong with its row, which nobody could see from the event; null for nothing
 * @param done called exactly once, after the commit; a crash before that call means that the event comes again and is
 *     found in the table
 */
public record Parking(
        OutboxEvent event, String error, @Nullable String malformed, Runnable done) {

    /** One whose row could be read. */
    public Parking(OutboxEvent event, String error, Runnable done) {
        this(event, error, null, done);
    }
}
