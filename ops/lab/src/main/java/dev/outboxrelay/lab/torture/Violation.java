package dev.outboxrelay.lab.torture;

import java.util.Locale;

/**
 * A broken promise.
 *
 * @param tenant whose, or what else it is about; empty when nobody's in particular
 * @param text which event or process, and what is wrong with it
 */
record Violation(Kind kind, String tenant, String text) {

    enum Kind {
        /** A committed row is neither in its stream nor among the dead letters. */
        LOST,
        /** An event is in its stream more than once. */
        DOUBLED,
        /** An event lies behind a later one. */
        OUT_OF_ORDER,
        /** An event is in a stream that is not its tenant's. */
        WRONG_STREAM,
        /** A message that no committed row stands for. */
        NOT_COMMITTED,
        /** A row that breaks a rule was published. */
        POISON_PUBLISHED,
        /** An operator gave it up, its letter says so, and it is in the stream. */
        DISCARDED_PUBLISHED,
        WRONG_SUBJECT,
        WRONG_BYTES,
        /** A header is missing, differs, or is one too many. */
        WRONG_HEADERS,
        /** The row's status, or its being there, does not fit. */
        WRONG_STATUS,
        /** A row that breaks no rule became a dead letter. */
        UNEXPECTED_DEAD_LETTER,
        /** A dead letter differs from its row, or names another reason. */
        WRONG_DEAD_LETTER,
        /** The stream does not hold all that was ever in it, so nothing can be said. */
        TRUNCATED,
        /** Something did not come back, or did not get done, in time. */
        STALLED,
        /** A relay ended by itself. */
        RELAY_ENDED,
        /** The harness contradicts itself. */
        HARNESS;

        String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    @Override
    public String toString() {
        return kind.word() + (tenant.isEmpty() ? "" : " [" + tenant + "]") + ": " + text;
    }
}
