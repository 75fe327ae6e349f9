package dev.outboxrelay.tracing;

import java.util.Locale;

/** What became of spans. */
public enum Outcome {
    /** The collector took them. */
    EXPORTED,
    /** They were not made, or not sent, because as many as may wait did so already. */
    DROPPED,
    /** They were sent in vain. */
    FAILED;

    private final String word = name().toLowerCase(Locale.ROOT);

    /** The word for it in metrics. */
    public String word() {
        return word;
    }
}
