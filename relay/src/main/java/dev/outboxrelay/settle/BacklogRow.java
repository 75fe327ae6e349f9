package dev.outboxrelay.settle;

import dev.outboxrelay.event.OutboxEvent;

/**
 * An event of the table that is to be sent.
 *
 * @param seq its place in the order of arrival
 * @param event the event as it is to be sent, with what an operator corrected; its position in the WAL is not known any
 *     more
 * @param replay whether an operator asked for it; otherwise it was parked
 */
public record BacklogRow(long seq, OutboxEvent event, boolean replay) {}
