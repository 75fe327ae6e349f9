package dev.outboxrelay.dlq;

import java.util.Locale;

/** Whose dead letters; see the column {@code kind}. */
public enum Kind {
    /** Events that did not reach their stream. */
    EVENT,
    /** Messages that a consumer gave up: they are in their stream. */
    CONSUMER;

    /** The word in the table. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Kind of(String code) {
        return valueOf(code.toUpperCase(Locale.ROOT));
    }
}
