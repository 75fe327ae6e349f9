package dev.outboxrelay.lane;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Position;
import java.util.List;
import java.util.Set;

/**
 * What a lane wants done. Called on the thread that drives the lane, in the order in which things must be begun;
 * nothing here may block, and no answer may be given from inside a call.
 */
public interface LaneOutput {

    /**
     * Make sure that the stream exists and is this tenant's, and tell its end: {@link Lane#attached} or
     * {@link Lane#attachFailed} with the same round.
     *
     * @param look what else is to be told
     */
    void attach(long round, Look look);

    /**
     * Publish: {@link Lane#acknowledged}, {@link Lane#duplicate} or {@link Lane#failed} with the same round.
     *
     * @param expectedLastSequence what the stream must end with for the message to be stored
     * @param position the fence to send along
     */
    void publish(long round, Item item, long expectedLastSequence, Position position);

    /**
     * Publish all of these, in this order, or none: {@link Lane#batchStored} or {@link Lane#batchFailed} with the same
     * round.
     *
     * @param expectedLastSequence what the stream must end with for the batch to be stored
     */
    void publishBatch(long round, List<Outgoing> batch, long expectedLastSequence);

    /** The items are in the stream, or need not get there: settle their rows, then their tickets. */
    void settle(List<Item> items, How how);

    /** Write a dead letter, then settle its row and ticket, then {@link Lane#deadLettered}. */
    void deadLetter(Item item, Rejection rejection);

    /**
     * Write these into the table of dead letters as parked, in this order and behind everything that was parked before,
     * then settle their tickets, then {@link Lane#parked}.
     *
     * @param why in words
     */
    void park(List<Item> items, String why);

    /**
     * Take the next events from the table of dead letters that are parked or to be replayed, in order:
     * {@link Lane#fetched}.
     *
     * @param atMost how many
     */
    void fetch(int atMost);

    /**
     * These events from the table are in the stream, or a routing rule drops them: say so there and in their rows, then
     * {@link Lane#resolved}.
     */
    void resolve(List<Item> items);

    /** This event from the table cannot be published: make it a dead letter again, then {@link Lane#deadLettered}. */
    void bury(Item item, Rejection rejection);

    /**
     * Resolve what was found in the stream although the table does not say so, then {@link Lane#reconciled}.
     *
     * @param inStream ids of messages in the stream; not all of them need be in the table
     */
    void reconcile(Set<EventId> inStream);

    /** The item's payload is not needed any more, although its ticket is not settled yet. */
    void release(Item item);

    /** Call {@link Lane#woken} at this time. */
    void wakeAt(long nanos);

    /** Something worth a line in the log and a number. */
    void notice(Notice notice, String text);

    /**
     * This start of the source rests on something untrue and must be made anew.
     *
     * @param useFences whether fences may be trusted in the next one
     */
    void restart(boolean useFences, String reason);

    /**
     * Another leader is at work, or the terms went back: send nothing more, and lead again only with a greater term.
     *
     * @param term the term that was met
     */
    void stepDown(long term, String reason);

    /** Why nothing is left to do for an item. */
    enum How {
        /** A PubAck said so, or the stream's end did after a PubAck was lost. */
        PUBLISHED,
        /** It was there before this start. */
        SKIPPED,
        /** A routing rule drops it. */
        DROPPED,
        /** It is in the table of dead letters, which says what becomes of it. */
        IN_TABLE
    }

    /** Kinds of notices. */
    enum Notice {
        /** The lane backs off. */
        RETRY,
        /** A batch did not get through: its events go out one by one. */
        BATCH_REFUSED,
        /** What waits for the lane goes into the table of dead letters. */
        PARKED,
        /** The stream ends earlier than what was acknowledged. */
        STREAM_LOST_TAIL,
        /** The fence cannot be used: events may be published a second time. */
        FENCE_UNUSABLE,
        /** Foreign messages were found in the stream. */
        FOREIGN_MESSAGES
    }
}
