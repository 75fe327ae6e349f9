package dev.outboxrelay.demo;

/** One way in which a tenant's stream is not what its outbox rows say. */
record Difference(Kind kind, String tenant, String eventId, String detail) {

    /** What is wrong. */
    enum Kind {
        MISSING("committed, and not in the stream"),
        DOUBLED("in the stream more than once"),
        OUT_OF_ORDER("in the stream behind an event that was committed after it"),
        FOREIGN("an event of another tenant"),
        UNKNOWN("in the stream, and not in the outbox: rolled back, or nobody's"),
        ALTERED("in the stream with another subject, payload or header"),
        UNREADABLE("could not be compared");

        private final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    Difference(Kind kind, String tenant, String eventId) {
        this(kind, tenant, eventId, kind.words);
    }

    @Override
    public String toString() {
        return "tenant " + tenant + ", event " + eventId + ": " + detail;
    }
}
