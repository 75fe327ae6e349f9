package dev.outboxrelay.lane;

import dev.outboxrelay.event.Position;
import java.util.List;

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

    /** The items are in the stream: settle their rows, then their tickets. */
    void settle(List<Item> items, How how);

    /** Write a dead letter, then settle its row and ticket, then {@link Lane#deadLettered}. */
    void deadLetter(Item item, Rejection rejection);

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

    /** How it is known that an item is in the stream. */
    enum How {
        /** A PubAck said so, or the stream's end did after a PubAck was lost. */
        PUBLISHED,
        /** It was there before this start. */
        SKIPPED
    }

    /** Kinds of notices. */
    enum Notice {
        /** The lane backs off. */
        RETRY,
        /** The stream ends earlier than what was acknowledged. */
        STREAM_LOST_TAIL,
        /** The fence cannot be used: events may be published a second time. */
        FENCE_UNUSABLE,
        /** Foreign messages were found in the stream. */
        FOREIGN_MESSAGES
    }
}
