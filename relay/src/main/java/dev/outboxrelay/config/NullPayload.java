package dev.outboxrelay.config;

/** What a row without a payload is ({@code outbox.source.tables[i].null-payload}). */
public enum NullPayload {
    /** A message without bytes. */
    EMPTY,
    /** A malformed row, so a dead letter. */
    REFUSE
}
