package dev.outboxrelay.lane;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Position;
import java.util.Optional;

/**
 * What the end of a stream looks like, as its leader tells it.
 *
 * @param lastSequence sequence of the last message ever stored; 0 for a new stream
 * @param end what is known of our own last message
 * @param probe the id of the message that was asked for beside it, where one was
 */
public record StreamTail(long lastSequence, End end, Optional<String> probe) {

    /** A tail without a probe. */
    public static StreamTail of(long lastSequence, End end) {
        return new StreamTail(lastSequence, end, Optional.empty());
    }

    /** Our own last message. */
    public sealed interface End {

        /** Nothing was ever stored. */
        record Empty() implements End {}

        /**
         * It is here.
         *
         * @param id its {@code Nats-Msg-Id}
         * @param sequence where it lies; below {@code lastSequence} when foreign messages came after it
         * @param position its fence; empty when its version is unknown
         */
        record Own(EventId id, long sequence, Optional<Position> position) implements End {}

        /** Messages were stored, and age or a purge took them all away. */
        record Gone() implements End {}

        /**
         * The messages at the end are not ours, and none of ours was found among the last ones.
         *
         * @param searched how many were looked at
         */
        record Foreign(int searched) implements End {}
    }
}
