package dev.outboxrelay.lane;

import dev.outboxrelay.event.EventId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a lane knows of its tenant's rows in the table of dead letters that are still to be sent: parked events, and
 * dead letters that somebody wants published after all. They go out before anything live.
 *
 * <p>They are taken from the table in batches. Everything of a batch that reaches the stream is resolved in one
 * transaction before the next batch is taken, so what is in the stream and not resolved in the table always lies behind
 * {@link #since()}, where a later start looks for it.
 *
 * <p>Owned by its lane. The argument is in the ADR "parking".
 */
final class Backlog {

    /** Where the lane is with it. */
    enum Stage {
        /** There is none: live events may be sent. */
        NONE,
        /** There is one, and which of it lies in the stream already is seen at the next look at the stream's end. */
        UNKNOWN,
        /** What was found in the stream is being resolved in the table. */
        RECONCILING,
        /** The next batch is to be taken. */
        WANTED,
        /** It is being taken. */
        FETCHING,
        /** There was nothing in the table, and some is on its way there. */
        AWAITING,
        /** A batch is being sent. */
        SENDING,
        /** All of it that reached the stream is being resolved. */
        RESOLVING,
        /** A dead letter holds back what came after it until somebody decides. */
        HELD
    }

    private final ArrayDeque<Item> late = new ArrayDeque<>();
    private final Set<EventId> doubtful = new LinkedHashSet<>();
    private Stage stage = Stage.NONE;
    private List<Item> done = new ArrayList<>();
    private long parking;
    private long parked;
    private long parkingWhenFound;
    private @Nullable Set<EventId> found;
    private int asked;
    private boolean mayBeMore;
    private long since;

    Stage stage() {
        return stage;
    }

    boolean is(Stage which) {
        return stage == which;
    }

    void to(Stage next) {
        stage = next;
    }

    /** Whether live events have to wait. */
    boolean isPresent() {
        return stage != Stage.NONE;
    }

    /** Events are on their way into the table. */
    void parking(int events) {
        parking += events;
    }

    /** They have arrived there. */
    void parked(int events) {
        parked += events;
        changed();
        if (stage == Stage.AWAITING) {
            stage = Stage.WANTED;
        }
    }

    /** Whether events are on their way into the table. */
    boolean isParking() {
        return parking > parked;
    }

    /** These ids were seen at the stream's end. */
    void found(Set<EventId> inStream) {
        if (found == null) {
            found = new HashSet<>();
        }
        found.addAll(inStream); // what an earlier look saw is still there
        parkingWhenFound = parking;
    }

    /** What was seen, once everything that was on its way into the table then is there; null before. */
    @Nullable
    Set<EventId> takeFound() {
        if (parked < parkingWhenFound) {
            return null;
        }
        Set<EventId> taken = found;
        found = null;
        return taken;
    }

    /** A batch was asked for. */
    void asked(int events) {
        stage = Stage.FETCHING;
        asked = events;
        mayBeMore = false;
    }

    /** The table has changed: what is being taken from it may have been read before. */
    void changed() {
        mayBeMore = true;
    }

    /**
     * The table had nothing when it was read. That may have been before something was written of which the lane has
     * heard since: then it is asked once more.
     */
    void nothingFound() {
        if (mayBeMore) {
            stage = Stage.WANTED;
        } else {
            stage = isParking() ? Stage.AWAITING : Stage.NONE;
        }
    }

    /** Begins a batch behind the sequence up to which everything in the stream is accounted for. */
    void begin(List<Item> batch, long lastSequence) {
        stage = Stage.SENDING;
        since = lastSequence;
        late.addAll(batch);
    }

    /** Whether a batch of this size is the last one for now. */
    boolean isEnd(int batch) {
        return batch < asked;
    }

    /** The sequence behind which everything lies that is in the stream and not yet resolved. */
    long since() {
        return since;
    }

    /** The stream ends earlier than it did. */
    void endsAt(long lastSequence) {
        since = Math.min(since, lastSequence);
    }

    @Nullable
    Item next() {
        return late.peekFirst();
    }

    Item take() {
        return late.removeFirst();
    }

    /** The item goes out again. */
    void putBack(Item item) {
        late.addFirst(item);
    }

    /** Leaves all but so many of what is not sent to the table, where it is safe and takes no memory. */
    void leave(int kept) {
        while (late.size() > kept) {
            late.removeLast();
        }
    }

    /** These are in the stream. */
    void stored(List<Item> items) {
        done.addAll(items);
    }

    /** Takes what is in the stream and has to be resolved. */
    List<Item> takeStored() {
        List<Item> taken = done;
        done = new ArrayList<>();
        return taken;
    }

    /** Events that were sent, may be in the stream, and were parked because nobody could look. */
    void doubt(List<Item> items) {
        items.forEach(item -> doubtful.add(item.event().id()));
    }

    Set<EventId> doubtful() {
        return doubtful;
    }
}
