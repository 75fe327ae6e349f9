package dev.outboxrelay.settle;

import dev.outboxrelay.event.OutboxEvent;
import org.jspecify.annotations.Nullable;

/**
 * An event of the table that is to be sent.
 *
 * @param seq its place in the order of arrival
 * @param event the event as it is to be sent, with what an operator corrected; its position in the WAL is not known any
 *     more
 * @param replay whether an operator asked for it; otherwise it was parked
 * @param malformed what was wrong with its row when it was parked; null for nothing
 */
public record BacklogRow(
        long seq,
        OutboxEvent event,
        boolean replay,
        @Nullable String malformed) {

    /** One whose row could be read. */
    public BacklogRow(long seq, OutboxEvent event, boolean replay) {
        this(seq, event, replay, null);
    }
}
