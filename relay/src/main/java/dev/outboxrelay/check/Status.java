package dev.outboxrelay.check;

import java.util.Locale;

/** How a check ended, from good to bad. */
public enum Status {
    /** As it should be. */
    PASS,
    /** It could not be looked at; the reason is said. */
    SKIPPED,
    /** The relay works, but something will hurt one day, or is more than the relay needs. */
    WARN,
    /** The relay cannot do its work like this. */
    FAIL;

    /** As programs read it. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
