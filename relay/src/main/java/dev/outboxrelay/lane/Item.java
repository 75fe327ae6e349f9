package dev.outboxrelay.lane;

import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.route.Envelope;
import dev.outboxrelay.watermark.Ticket;
import org.jspecify.annotations.Nullable;

/**
 * One event on its way through a lane. Mutable, owned by its lane and touched by that lane's thread alone, but for what
 * says otherwise; the fields that never change may be read by others.
 */
public final class Item {

    /** Where an item came from, and so how it is settled. */
    private enum From {
        /** The slot; its ticket is open. */
        SLOT,
        /** The slot, once more: the table of dead letters says what became of it. */
        SLOT_AGAIN,
        /** The table of dead letters: parked, or to be replayed. */
        TABLE
    }

    private final From from;
    private final @Nullable Ticket ticket;
    private final long tableSeq;
    private final OutboxEvent event;
    private final @Nullable Envelope envelope;
    private final @Nullable String droppedBy;
    private @Nullable Rejection rejection;
    private boolean isNew;
    private @Nullable Failure lastFailure;
    private int attempts;
    private int sends;
    private long expectedSequence;
    private boolean acknowledged;
    private long duplicateAt;
    private @Nullable Object holder;

    private Item(
            From from,
            @Nullable Ticket ticket,
            long tableSeq,
            OutboxEvent event,
            @Nullable Envelope envelope,
            @Nullable Rejection rejection,
            @Nullable String droppedBy) {
        this.from = from;
        this.ticket = ticket;
        this.tableSeq = tableSeq;
        this.event = event;
        this.envelope = envelope;
        this.rejection = rejection;
        this.droppedBy = droppedBy;
    }

    /** An event to publish. */
    public static Item deliverable(Ticket ticket, Envelope envelope) {
        return new Item(From.SLOT, ticket, 0, envelope.event(), envelope, null, null);
    }

    /** An event that broke a rule: it keeps its place in the order and becomes a dead letter there. */
    public static Item rejected(Ticket ticket, OutboxEvent event, Rejection rejection) {
        return new Item(From.SLOT, ticket, 0, event, null, rejection, null);
    }

    /**
     * An event that a routing rule drops: it keeps its place in the order, and settles there without a message.
     *
     * @param rule the rule's name
     */
    public static Item dropped(Ticket ticket, OutboxEvent event, String rule) {
        return new Item(From.SLOT, ticket, 0, event, null, null, rule);
    }

    /**
     * An event that came again and lies in the table of dead letters already: only its place in the order counts.
     *
     * @param tableSeq its place in the table if it was parked there, 0 if it became a dead letter
     */
    public static Item again(Ticket ticket, OutboxEvent event, long tableSeq) {
        return new Item(From.SLOT_AGAIN, ticket, tableSeq, bare(event), null, null, null);
    }

    /** An event from the table of dead letters, parked or to be replayed. */
    public static Item late(long tableSeq, Envelope envelope) {
        return new Item(From.TABLE, null, tableSeq, envelope.event(), envelope, null, null);
    }

    /** An event from the table of dead letters that breaks a rule. */
    public static Item lateRejected(long tableSeq, OutboxEvent event, Rejection rejection) {
        return new Item(From.TABLE, null, tableSeq, event, null, rejection, null);
    }

    /** An event from the table of dead letters that a routing rule drops. */
    public static Item lateDropped(long tableSeq, OutboxEvent event, String rule) {
        return new Item(From.TABLE, null, tableSeq, event, null, null, rule);
    }

    /** Whether it comes from the table of dead letters: then it has no ticket. */
    public boolean isLate() {
        return from == From.TABLE;
    }

    /** Whether it came again from the slot and is in the table of dead letters. */
    public boolean isAgain() {
        return from == From.SLOT_AGAIN;
    }

    /** Its ticket. Only events from the slot have one. */
    public Ticket ticket() {
        if (ticket == null) {
            throw new IllegalStateException(this + " comes from the table and has no ticket");
        }
        return ticket;
    }

    /** Its place in the table of dead letters; 0 if it is not known to be there. */
    public long tableSeq() {
        return tableSeq;
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
        return new Item(from, ticket, tableSeq, bare(event), null, rejection, droppedBy);
    }

    private static OutboxEvent bare(OutboxEvent event) {
        return new OutboxEvent(event.id(), event.row(), event.tenant(), "", null, Payload.EMPTY, event.origin());
    }

    /** What it takes while it waits, in bytes; only content counts. */
    long bytes() {
        return event.payload().size();
    }

    /** Notes for whom memory is counted that it takes. Any thread. */
    public synchronized void held(Object by) {
        holder = by;
    }

    /** Whether somebody {@link #held} it and has not let it go. Any thread. */
    public synchronized boolean isHeld() {
        return holder != null;
    }

    /** Who {@link #held} it, told once; null when nobody does any more. Any thread. */
    public synchronized @Nullable Object unheld() {
        Object was = holder;
        holder = null;
        return was;
    }

    /** How often it was sent in vain. */
    public int attempts() {
        return attempts;
    }

    /** Why it becomes a dead letter; null when it is to be published. */
    public @Nullable Rejection rejection() {
        return rejection;
    }

    /** The routing rule that drops it; null when none does. */
    public @Nullable String droppedBy() {
        return droppedBy;
    }

    /** Whether a routing rule says that it is not published. */
    boolean isRuledOut() {
        return droppedBy != null || (rejection != null && rejection.byRule());
    }

    /**
     * Whether it may lie in the stream although this start has not sent it; what breaks a rule of naming never does.
     */
    boolean mayHaveBeenPublished() {
        return rejection == null || rejection.byRule();
    }

    /** Notes that no earlier start can have seen it. */
    void cameForTheFirstTime() {
        isNew = true;
    }

    /** Whether no earlier start can have seen it. */
    boolean isNew() {
        return isNew;
    }

    void reject(Rejection why) {
        rejection = why;
    }

    @Nullable
    Failure lastFailure() {
        return lastFailure;
    }

    /** Whether it was sent before, and so goes before everything that was not. */
    boolean wasSent() {
        return sends > 0;
    }

    void sent(long expected) {
        sends++;
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

    /** Where a PubAck says that it lies in its stream; 0 while none has said so, even if it does lie there. */
    public long sequence() {
        return acknowledged ? expectedSequence + 1 : 0;
    }

    void acknowledge() {
        acknowledged = true;
    }

    @Override
    public String toString() {
        return event.toString();
    }
}
