package dev.outboxrelay.lane;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Position;
import dev.outboxrelay.event.SlotIdentity;
import java.util.Map;

/**
 * Tells which of the events that the slot sends again are in a stream already.
 *
 * <p>With X the last live event in the stream and F the slot's confirmed position: the slot never confirms past X
 * before X is settled, so if F is at or before {@code after(X)}, X comes again and everything of its tenant up to it is
 * in the stream; if F is beyond, X was confirmed and nothing up to it comes again. The argument is in the ADR "order
 * and fence".
 *
 * @param term this leader's term
 * @param slot the slot that this start reads
 * @param confirmed F, read while this instance owned the slot and before it confirmed anything
 * @param ancestors earlier timelines of this history, and where each was left
 * @param usable false after a fence proved wrong: then nothing is skipped
 */
public record Fence(long term, SlotIdentity slot, Lsn confirmed, Map<Integer, Lsn> ancestors, boolean usable) {

    public Fence {
        ancestors = Map.copyOf(ancestors);
    }

    /** A fence on a history of one timeline. */
    public Fence(long term, SlotIdentity slot, Lsn confirmed, boolean usable) {
        this(term, slot, confirmed, Map.of(), usable);
    }

    /** What the last message's position means for what is going to arrive. */
    public sealed interface Decision {
        /** Everything up to this event is in the stream, and it will come again. */
        record SkipThrough(EventId live) implements Decision {}

        /** What is in the stream was confirmed: nothing of it comes again. */
        record NothingComesAgain() implements Decision {}

        /** The position says nothing about this slot's history. */
        record Unusable(String why) implements Decision {}
    }

    /**
     * Decides by the position of our own last message.
     *
     * @param pierced whether not all that was in flight with it is there and ours: somebody else's message may have
     *     taken the place of an event, which is then not in the stream although a later one is
     */
    public Decision decide(Position last, boolean pierced) {
        if (!usable) {
            return new Decision.Unusable("an earlier fence of this start was wrong");
        }
        if (!isOurHistory(last)) {
            return new Decision.Unusable("the stream's last message was published from " + describe(last.slot())
                    + ", this relay reads " + describe(slot));
        }
        EventId live = last.live();
        if (live == null || !confirmed.isAtOrBefore(last.after())) {
            return new Decision.NothingComesAgain();
        }
        return pierced
                ? new Decision.Unusable(
                        "among the last messages one is somebody else's or gone, and an event may be missing there")
                : new Decision.SkipThrough(live);
    }

    /** Whether a message tells of a leader with a greater term; terms of another slot or system say nothing. */
    boolean isOutrankedBy(Position last) {
        return last.term() > term && isOurSlot(last.slot());
    }

    private boolean isOurSlot(SlotIdentity theirs) {
        return theirs.systemIdentifier() == slot.systemIdentifier()
                && theirs.slot().equals(slot.slot());
    }

    /**
     * The same slot of the same cluster, on this timeline or on an ancestor before it was left: its commit lies behind
     * both.
     */
    private boolean isOurHistory(Position last) {
        SlotIdentity theirs = last.slot();
        if (!isOurSlot(theirs)) {
            return false;
        }
        Lsn left = ancestors.get(theirs.timeline());
        return theirs.timeline() == slot.timeline()
                || (left != null
                        && last.lsn().isAtOrBefore(left)
                        && last.after().isAtOrBefore(left));
    }

    private static String describe(SlotIdentity slot) {
        return "slot " + slot.slot() + " on system " + Long.toUnsignedString(slot.systemIdentifier()) + " timeline "
                + slot.timeline();
    }
}
