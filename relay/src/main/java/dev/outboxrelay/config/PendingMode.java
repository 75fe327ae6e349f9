package dev.outboxrelay.config;

/** What becomes of rows that are pending and that the slot does not hold ({@code outbox.source.backlog}). */
public enum PendingMode {
    /** They are published before what the slot brings. */
    PUBLISH,
    /** They are left as they are. */
    IGNORE
}
