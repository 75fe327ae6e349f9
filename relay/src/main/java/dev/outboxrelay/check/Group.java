package dev.outboxrelay.check;

/** What a check is about, in the order in which they are shown. */
public enum Group {
    POSTGRES("PostgreSQL server"),
    ROLE("Role and grants"),
    PUBLICATION("Publication"),
    SLOT("Replication slot"),
    OUTBOX("Outbox and policies"),
    NATS("NATS server"),
    JETSTREAM("JetStream and streams");

    private final String title;

    Group(String title) {
        this.title = title;
    }

    /** For people. */
    public String title() {
        return title;
    }

    /** Whether it needs the database. */
    public boolean isOfPostgres() {
        return this != NATS && this != JETSTREAM;
    }
}
