package dev.outboxrelay.lane;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Position;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
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

    /** How many foreign messages at the end are read; a small number makes the bound be met. */
    private static final int FOREIGN_BOUND = 6;

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

    boolean exists() {
        return exists;
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

    /** Whether so many foreign messages lie at the end that the search for our last one is given up. */
    boolean isFlooded() {
        return kept.size() > FOREIGN_BOUND
                && kept.subList(kept.size() - FOREIGN_BOUND - 1, kept.size()).stream()
                        .allMatch(m -> m.id() == null);
    }

    /** Makes the stream if it is missing, and tells its end. */
    StreamTail look(Look look) {
        exists = true;
        Optional<StreamTail.Probe> probe =
                look.probe().stream().mapToObj(this::probe).findFirst();
        if (last == 0) {
            return new StreamTail(0, new StreamTail.End.Empty(), probe, Set.of());
        }
        Set<EventId> behind = kept.stream()
                .filter(m -> look.inFlight() > 0 && m.sequence() > look.behind() && m.id() != null)
                .map(Stored::id)
                .collect(Collectors.toSet());
        int foreign = 0;
        for (int i = kept.size() - 1; i >= 0; i--) {
            Stored message = kept.get(i);
            if (message.id() != null) {
                Optional<Position> position = Optional.ofNullable(message.position());
                return new StreamTail(
                        last,
                        new StreamTail.End.Own(
                                message.id(), message.sequence(), position, look.first() && isPierced(message)),
                        probe,
                        look.first() ? inFlightWith(message) : behind);
            }
            if (++foreign > FOREIGN_BOUND) {
                return new StreamTail(last, new StreamTail.End.Foreign(foreign), probe, Set.of());
            }
        }
        return new StreamTail(last, new StreamTail.End.Gone(), probe, Set.of());
    }

    private boolean isPierced(Stored own) {
        Position position = own.position();
        return position != null
                && kept.stream()
                                .filter(m -> m.id() != null
                                        && m.sequence() > position.stored()
                                        && m.sequence() < own.sequence())
                                .count()
                        < own.sequence() - 1 - position.stored();
    }

    private Set<EventId> inFlightWith(Stored own) {
        Position position = own.position();
        return kept.stream()
                .filter(m -> m.id() != null
                        && position != null
                        && m.sequence() > position.stored()
                        && m.sequence() <= own.sequence())
                .map(Stored::id)
                .collect(Collectors.toSet());
    }

    private StreamTail.Probe probe(long sequence) {
        return kept.stream()
                .filter(m -> m.sequence() == sequence)
                .findFirst()
                .<StreamTail.Probe>map(m -> new StreamTail.Probe.Message(String.valueOf(m.id())))
                .orElseGet(StreamTail.Probe.Gone::new);
    }
}
