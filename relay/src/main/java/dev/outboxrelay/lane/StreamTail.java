package dev.outboxrelay.lane;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Position;
import java.util.Optional;
import java.util.Set;

/**
 * What the end of a stream looks like, as its leader tells it.
 *
 * @param lastSequence sequence of the last message ever stored; 0 for a new stream
 * @param end what is known of our own last message
 * @param probe what lies where the lane asked about, if it did
 * @param behind the ids of all our messages behind the sequence that the lane named, if it had messages in flight; at a
 *     lane's first look, behind the one that our last message's position names
 */
public record StreamTail(long lastSequence, End end, Optional<Probe> probe, Set<EventId> behind) {

    public StreamTail {
        behind = Set.copyOf(behind);
    }

    /** A tail about which nothing more was asked. */
    public static StreamTail of(long lastSequence, End end) {
        return new StreamTail(lastSequence, end, Optional.empty(), Set.of());
    }

    /** What lies at one sequence. */
    public sealed interface Probe {
        /** A message with this {@code Nats-Msg-Id}, empty if it has none. */
        record Message(String id) implements Probe {}

        /** No message is there any more. */
        record Gone() implements Probe {}
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
         * @param pierced whether between it and the sequence up to which its position says the stream was known there
         *     is a message of somebody else, or one is gone; told at a lane's first look
         */
        record Own(EventId id, long sequence, Optional<Position> position, boolean pierced) implements End {}

        /** Messages were stored, and age or a purge took all of ours away, if there were any. */
        record Gone() implements End {}

        /**
         * The messages at the end are not ours, and the search for our last one was given up.
         *
         * @param searched how many were looked at
         */
        record Foreign(int searched) implements End {}
    }
}
