package dev.outboxrelay.cli;

import java.util.Locale;

/**
 * Where an event is.
 *
 * @param text in words, without a payload
 * @param next what to do now
 */
record Whereabouts(Place place, String text, String next) {

    /** One word for it. */
    enum Place {
        /** Committed, and no relay has settled it: none is there. */
        WAL,
        /** Committed, and the relay that is there has not settled it: it lies in the WAL or in its tenant's lane. */
        UNSETTLED,
        STORED,
        PARKED,
        DEAD,
        REPLAYING,
        DISCARDED,
        /** A routing rule keeps it from being published. */
        DROPPED,
        /** It was published, and the stream has dropped it as its limits ask. */
        EXPIRED,
        /** It was published, and the stream does not have it any more. */
        LOST,
        /** The relay never read it: it was committed before the slot was there, or while its WAL was lost. */
        MISSED,
        /** Not found, and not everything could be looked at. */
        UNCERTAIN,
        /** Nobody knows it. */
        UNKNOWN;

        String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
