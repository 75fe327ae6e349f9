package dev.outboxrelay.lane;

import dev.outboxrelay.event.EventId;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Compares what a lane believes with what its stream ends with: the table of the ADR "order and fence" as a function.
 */
final class Resync {

    private Resync() {}

    /**
     * What a lane knows of its stream.
     *
     * @param looked whether it has seen the stream's end at all
     * @param last the last event of ours that is known to be in it; null when there is none
     * @param lastSequence that event's sequence, or the stream's end when there is none
     */
    record Known(boolean looked, @Nullable EventId last, long lastSequence) {

        static final Known NOTHING = new Known(false, null, 0);

        static Known of(EventId last, long lastSequence) {
            return new Known(true, last, lastSequence);
        }

        /** After a look at the stream's end; {@code last} is believed only where the end does not name it. */
        static Known at(StreamTail tail, @Nullable EventId last) {
            return tail.end() instanceof StreamTail.End.Own own
                    ? new Known(true, own.id(), own.sequence())
                    : new Known(true, tail.end() instanceof StreamTail.End.Gone ? last : null, tail.lastSequence());
        }
    }

    /** What follows. */
    sealed interface Finding {
        /**
         * These items of the window are in the stream, the others are not. Usually its beginning; but a message of
         * somebody else that takes the place of one of ours lets those behind it through.
         */
        record Stored(List<Item> items) implements Finding {}

        /** The stream ends before what was acknowledged. Nothing of the window is in it. */
        record LostTail(String text) implements Finding {}

        /** First look: the fence decides what is to be skipped. */
        record AskFence(StreamTail.End.Own own) implements Finding {}

        /** First look, and no message is left to ask. */
        record NoFence(String text) implements Finding {}

        /** Somebody writes into the stream. */
        record Foreign(String text) implements Finding {}

        /** The stream went on without this start of the source. */
        record MovedOn(String text) implements Finding {}
    }

    static Finding compare(Known known, List<Item> window, StreamTail tail) {
        return compare(known, window, Set.of(), tail);
    }

    /** @param doubtful events that were sent and parked before anybody could look whether they are in the stream */
    static Finding compare(Known known, List<Item> window, Set<EventId> doubtful, StreamTail tail) {
        if (tail.end() instanceof StreamTail.End.Own own) {
            return own(known, window, doubtful, tail, own);
        }
        if (tail.end() instanceof StreamTail.End.Foreign foreign) {
            return new Finding.Foreign("the last " + foreign.searched()
                    + " messages of the stream were not published by this relay; if they were there before it, name the last of"
                    + " them in the stream's metadata: outbox.begins=<sequence>");
        }
        return tail.end() instanceof StreamTail.End.Gone ? gone(known, window, tail) : empty(known, tail);
    }

    private static Finding empty(Known known, StreamTail tail) {
        return known.lastSequence() == 0
                ? new Finding.Stored(List.of())
                : new Finding.LostTail("acknowledged up to sequence " + known.lastSequence()
                        + ", but the stream is empty and ends at " + tail.lastSequence());
    }

    private static Finding gone(Known known, List<Item> window, StreamTail tail) {
        if (!known.looked()) {
            return new Finding.NoFence("the stream ends at sequence " + tail.lastSequence()
                    + " and holds no message of this relay, so nobody can tell which events were in it");
        }
        return tail.lastSequence() < known.lastSequence()
                ? new Finding.LostTail("acknowledged up to sequence " + known.lastSequence()
                        + ", but the stream ends at " + tail.lastSequence())
                : stored(window, tail);
    }

    private static Finding own(
            Known known, List<Item> window, Set<EventId> doubtful, StreamTail tail, StreamTail.End.Own own) {
        boolean ours = own.id().equals(known.last())
                || doubtful.contains(own.id())
                || window.stream().anyMatch(item -> item.event().id().equals(own.id()));
        if (ours) {
            return stored(window, tail);
        }
        if (!known.looked()) {
            return new Finding.AskFence(own);
        }
        return own.sequence() <= known.lastSequence() && known.last() != null
                ? new Finding.LostTail("acknowledged up to sequence " + known.lastSequence()
                        + ", but the relay's last message in the stream is at " + own.sequence())
                : new Finding.MovedOn("the stream ends with event " + own.id() + " at sequence " + own.sequence()
                        + ", which this relay did not send since it started to read");
    }

    /**
     * What was acknowledged, and what is there to be read. Counting sequences is not enough: the message at a place may
     * be somebody else's, and taking it for ours would lose an event.
     */
    private static Finding stored(List<Item> window, StreamTail tail) {
        return new Finding.Stored(window.stream()
                .filter(item -> tail.behind().contains(item.event().id())
                        || (item.acknowledged() && item.expectedSequence() < tail.lastSequence()))
                .toList());
    }
}
