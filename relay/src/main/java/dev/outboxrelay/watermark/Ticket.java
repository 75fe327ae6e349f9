package dev.outboxrelay.watermark;

/**
 * An event's place in the order of arrival; settled exactly once.
 *
 * @param number counts from 0 within one start of the source
 */
public record Ticket(long number) {}
