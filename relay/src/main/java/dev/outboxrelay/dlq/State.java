package dev.outboxrelay.dlq;

import java.util.Locale;

/** What can be said of a letter; see the column {@code state}. */
public enum State {
    PARKED,
    SENT,
    DEAD,
    REPLAYING,
    REPLAYED,
    DISCARDED;

    /** The word in the table. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    static State of(String code) {
        return valueOf(code.toUpperCase(Locale.ROOT));
    }

    /** Whether nothing is decided yet: few rows, which partial indexes hold. */
    boolean isOpen() {
        return this == PARKED || this == DEAD || this == REPLAYING;
    }
}
