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

    /** A message of a batch; {@code number} counts from 1. */
    record Part(String batch, int number, boolean commits) {}

    /** What the server answers. */
    sealed interface Answer {
        record Ack(long sequence) implements Answer {}

        record BatchAck(long lastSequence, int messages) implements Answer {}

        record Duplicate(long sequence) implements Answer {}

        record Refused(Failure failure) implements Answer {}
    }

    /** How many foreign messages at the end are read; a small number makes the bound be met. */
    private static final int FOREIGN_BOUND = 6;

    private record Remembered(long sequence, long at) {}

    private record Staged(EventId id, Position position) {}

    /** A batch of which some messages are here; {@code gap} when one is missing. */
    private static final class OpenBatch {
        final long expected;
        final List<Staged> staged = new ArrayList<>();
        boolean gap;

        OpenBatch(long expected) {
            this.expected = expected;
        }
    }

    private final Rules rules;
    private final Map<EventId, Remembered> ids = new HashMap<>();
    private final List<Stored> kept = new ArrayList<>();
    private final Map<String, OpenBatch> open = new HashMap<>();
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

    /**
     * One message of a batch: kept aside until the one that commits comes. Only that one is answered, and only then is
     * looked whether the stream ends where the first one wants it to.
     *
     * @param usable whether the server would take the message by itself
     */
    @Nullable
    Answer stage(Part part, EventId id, Position position, long expectedLast, boolean usable, long now) {
        if (!exists || trouble != null) {
            open.remove(part.batch);
            Failure why = trouble;
            return !part.commits
                    ? null
                    : why != null ? new Answer.Refused(why) : refused(Failure.Kind.UNEXPLAINED, "no_responders");
        }
        OpenBatch batch = part.number == 1
                ? open.computeIfAbsent(part.batch, unused -> new OpenBatch(expectedLast))
                : open.get(part.batch);
        if (batch != null) {
            batch.gap |= batch.staged.size() + 1 != part.number || !usable;
            batch.staged.add(new Staged(id, position));
        }
        if (!part.commits) {
            return null;
        }
        open.remove(part.batch);
        return batch == null || batch.gap ? refused(Failure.Kind.UNEXPLAINED, "incomplete") : commit(batch, now);
    }

    private Answer commit(OpenBatch batch, long now) {
        for (Staged staged : batch.staged) {
            Remembered remembered = ids.get(staged.id);
            if (remembered != null && now - remembered.at < rules.duplicateWindow()) {
                return refused(Failure.Kind.UNEXPLAINED, "contains a duplicate");
            }
        }
        if (batch.expected != last && !rules.broken(Rules.Broken.CHAIN)) {
            return refused(Failure.Kind.FENCED, "10071");
        }
        // a server that is not as good as its word: the lane must not take it at that
        int stored = rules.halfBatches() && last % 3 == 1 ? batch.staged.size() / 2 : batch.staged.size();
        for (Staged staged : batch.staged.subList(0, stored)) {
            ids.put(staged.id, new Remembered(last + 1, now));
            store(staged.id, staged.position);
        }
        return stored < batch.staged.size()
                ? refused(Failure.Kind.UNEXPLAINED, "half of it")
                : new Answer.BatchAck(last, stored);
    }

    /** Another server leads the stream: what was kept aside is gone. */
    void forgetBatches() {
        open.clear();
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
        open.clear();
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
