package dev.outboxrelay.event;

/**
 * Which row an event came from, so that it can be settled there.
 *
 * @param table the table
 * @param id the row's id as text
 */
public record RowRef(TableName table, String id) {}
