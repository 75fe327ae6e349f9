package dev.outboxrelay.config;

/** What reads the slot's rows ({@code outbox.source.reader}). Both run inside the same embedded engine. */
public enum Reader {
    /** Decodes only the columns that an event needs, straight from the WAL stream. */
    LEAN,
    /** The engine's own way, which builds a generic change event for each row. */
    STOCK
}
