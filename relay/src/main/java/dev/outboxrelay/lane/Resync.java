package dev.outboxrelay.lane;

import dev.outboxrelay.event.EventId;
import java.util.List;
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
        /** The first {@code stored} items of the window are in the stream; the others are not. */
        record Stored(int stored) implements Finding {}

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
        if (tail.end() instanceof StreamTail.End.Own own) {
            return own(known, window, own);
        }
        if (tail.end() instanceof StreamTail.End.Foreign foreign) {
            return new Finding.Foreign(
                    "the last " + foreign.searched() + " messages of the stream were not published by this relay");
        }
        return tail.end() instanceof StreamTail.End.Gone ? gone(known, window, tail) : empty(known, tail);
    }

    private static Finding empty(Known known, StreamTail tail) {
        return known.lastSequence() == 0
                ? new Finding.Stored(0)
                : new Finding.LostTail("acknowledged up to sequence " + known.lastSequence()
                        + ", but the stream is empty and ends at " + tail.lastSequence());
    }

    private static Finding gone(Known known, List<Item> window, StreamTail tail) {
        if (!known.looked()) {
            return new Finding.NoFence("the stream ends at sequence " + tail.lastSequence()
                    + " but its messages are gone, so nobody can tell which events are in it");
        }
        long more = tail.lastSequence() - known.lastSequence();
        if (more < 0) {
            return new Finding.LostTail("acknowledged up to sequence " + known.lastSequence()
                    + ", but the stream ends at " + tail.lastSequence());
        }
        // every message carries its expected sequence, so what was added since is the window's beginning
        return more <= window.size()
                ? new Finding.Stored((int) more)
                : new Finding.MovedOn("the stream grew by " + more + " messages, " + window.size() + " were in flight");
    }

    private static Finding own(Known known, List<Item> window, StreamTail.End.Own own) {
        for (int i = window.size() - 1; i >= 0; i--) {
            if (window.get(i).event().id().equals(own.id())) {
                return new Finding.Stored(i + 1);
            }
        }
        if (!known.looked()) {
            return new Finding.AskFence(own);
        }
        if (own.id().equals(known.last())) {
            return new Finding.Stored(0);
        }
        return own.sequence() <= known.lastSequence() && known.last() != null
                ? new Finding.LostTail("acknowledged up to sequence " + known.lastSequence()
                        + ", but the relay's last message in the stream is at " + own.sequence())
                : new Finding.MovedOn("the stream ends with event " + own.id() + " at sequence " + own.sequence()
                        + ", which this relay did not send since it started to read");
    }
}
