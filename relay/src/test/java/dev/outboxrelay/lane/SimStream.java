package dev.outboxrelay.lane;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Position;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** A stream with the server's rules, and a memory of everything that was ever stored in it. */
final class SimStream {

    /** A stored message; without an id it is somebody else's. */
    record Stored(
            long sequence, @Nullable EventId id, @Nullable Position position, int incarnation) {}

    /** What the server answers. */
    sealed interface Answer {
        record Ack(long sequence) implements Answer {}

        record Duplicate(long sequence) implements Answer {}

        record Refused(Failure failure) implements Answer {}
    }

    private record Remembered(long sequence, long at) {}

    private final Rules rules;
    private final Map<EventId, Remembered> ids = new HashMap<>();
    private final List<Stored> kept = new ArrayList<>();
    private boolean exists;
    private int incarnation;
    private long last;

    /** Everything that was ever stored, over all incarnations of the stream. */
    final List<Stored> log = new ArrayList<>();

    @Nullable
    Failure trouble;

    SimStream(Rules rules) {
        this.rules = rules;
    }

    Answer publish(EventId id, Position position, long expectedLast, long now) {
        if (!exists) {
            return refused(Failure.Kind.UNEXPLAINED, "no_responders");
        }
        if (trouble != null) {
            return new Answer.Refused(trouble);
        }
        Remembered remembered = ids.get(id);
        if (remembered != null && now - remembered.at < rules.duplicateWindow()) {
            return rules.variant() == Rules.Variant.FENCED_FIRST && expectedLast != last
                    ? refused(Failure.Kind.FENCED, "10071")
                    : new Answer.Duplicate(remembered.sequence);
        }
        if (expectedLast != last && !rules.broken(Rules.Broken.CHAIN)) {
            if (rules.variant() == Rules.Variant.REMEMBERS_REFUSED) {
                ids.put(id, new Remembered(0, now));
            }
            return refused(Failure.Kind.FENCED, "10071");
        }
        ids.put(id, new Remembered(last + 1, now));
        return new Answer.Ack(store(id, position));
    }

    private static Answer refused(Failure.Kind kind, String cause) {
        return new Answer.Refused(new Failure(kind, cause, cause));
    }

    void foreign() {
        if (exists) {
            store(null, null);
        }
    }

    private long store(@Nullable EventId id, @Nullable Position position) {
        Stored message = new Stored(++last, id, position, incarnation);
        kept.add(message);
        log.add(message);
        return last;
    }

    void purge(int keep) {
        while (kept.size() > keep) {
            kept.remove(0);
        }
    }

    void delete() {
        exists = false;
        kept.clear();
        ids.clear();
        last = 0;
        incarnation++;
    }

    boolean isOnlyForeign() {
        return !kept.isEmpty() && kept.stream().allMatch(m -> m.id() == null);
    }

    /** Makes the stream if it is missing, and tells its end. */
    StreamTail look(OptionalLong probe) {
        exists = true;
        Optional<String> probed = probe.isEmpty() ? Optional.empty() : idAt(probe.getAsLong());
        if (last == 0) {
            return new StreamTail(0, new StreamTail.End.Empty(), probed);
        }
        if (kept.isEmpty()) {
            return new StreamTail(last, new StreamTail.End.Gone(), probed);
        }
        for (int i = kept.size() - 1; i >= 0; i--) {
            Stored message = kept.get(i);
            if (message.id() != null) {
                return new StreamTail(
                        last,
                        new StreamTail.End.Own(
                                message.id(), message.sequence(), Optional.ofNullable(message.position())),
                        probed);
            }
        }
        return new StreamTail(last, new StreamTail.End.Foreign(kept.size()), probed);
    }

    private Optional<String> idAt(long sequence) {
        return kept.stream()
                .filter(m -> m.sequence() == sequence)
                .findFirst()
                .map(Stored::id)
                .map(EventId::value);
    }
}
