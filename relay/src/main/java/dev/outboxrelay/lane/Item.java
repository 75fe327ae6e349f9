package dev.outboxrelay.lane;

import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.route.Envelope;
import dev.outboxrelay.watermark.Ticket;
import org.jspecify.annotations.Nullable;

/**
 * One event on its way through a lane. Mutable, owned by its lane and touched by that lane's thread alone; the fields
 * that never change may be read by others.
 */
public final class Item {

    private final Ticket ticket;
    private final OutboxEvent event;
    private final @Nullable Envelope envelope;
    private @Nullable Rejection rejection;
    private @Nullable Failure lastFailure;
    private int attempts;
    private long expectedSequence;
    private boolean acknowledged;
    private long duplicateAt;

    private Item(Ticket ticket, OutboxEvent event, @Nullable Envelope envelope, @Nullable Rejection rejection) {
        this.ticket = ticket;
        this.event = event;
        this.envelope = envelope;
        this.rejection = rejection;
    }

    /** An event to publish. */
    public static Item deliverable(Ticket ticket, Envelope envelope) {
        return new Item(ticket, envelope.event(), envelope, null);
    }

    /** An event that broke a rule: it keeps its place in the order and becomes a dead letter there. */
    public static Item rejected(Ticket ticket, OutboxEvent event, Rejection rejection) {
        return new Item(ticket, event, null, rejection);
    }

    public Ticket ticket() {
        return ticket;
    }

    public OutboxEvent event() {
        return event;
    }

    /** What to publish; null when the event was rejected on arrival. */
    public @Nullable Envelope envelope() {
        return envelope;
    }

    /** The same ticket and row without payload, subject and headers: all that settling needs. */
    Item husk() {
        OutboxEvent bare =
                new OutboxEvent(event.id(), event.row(), event.tenant(), "", null, Payload.EMPTY, event.origin());
        return new Item(ticket, bare, null, rejection);
    }

    /** How often it was sent in vain. */
    public int attempts() {
        return attempts;
    }

    @Nullable
    Rejection rejection() {
        return rejection;
    }

    void reject(Rejection why) {
        rejection = why;
    }

    @Nullable
    Failure lastFailure() {
        return lastFailure;
    }

    void sent(long expected) {
        expectedSequence = expected;
        acknowledged = false;
        lastFailure = null;
        duplicateAt = 0;
    }

    long expectedSequence() {
        return expectedSequence;
    }

    void failed(Failure failure) {
        lastFailure = failure;
    }

    /** Where the server says it has this event already; 0 when it does not say. */
    long duplicateAt() {
        return duplicateAt;
    }

    void duplicateAt(long sequence) {
        duplicateAt = sequence;
    }

    int countAttempt() {
        return ++attempts;
    }

    boolean acknowledged() {
        return acknowledged;
    }

    void acknowledge() {
        acknowledged = true;
    }

    @Override
    public String toString() {
        return event.toString();
    }
}
