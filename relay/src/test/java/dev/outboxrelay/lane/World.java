package dev.outboxrelay.lane;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Position;
import dev.outboxrelay.event.SlotIdentity;
import dev.outboxrelay.route.Address;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL, its slot, a NATS server and the network between them and one relay, all in one thread and without a
 * clock: what happens is what its steps say. Longer than most classes because everything that can happen meets here.
 */
final class World {

    private static final long MILLI = 1_000_000;
    private static final Step.Kind[] EVERYTHING = {
        Step.Kind.RELEASE,
        Step.Kind.CONNECT,
        Step.Kind.RECEIVE,
        Step.Kind.LOOK,
        Step.Kind.ATTACHED,
        Step.Kind.SERVE,
        Step.Kind.ANSWER,
        Step.Kind.DEAD_LETTER,
        Step.Kind.PARK,
        Step.Kind.TABLE,
        Step.Kind.MARK,
        Step.Kind.PROCESSED,
        Step.Kind.FLUSH
    };

    /** A commit, or without rows a logical message, as the WAL has it. */
    record Entry(Lsn lsn, List<Row> rows) {
        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** A publish on its way; {@code answer} is told how it ended unless nobody waits any more. */
    static final class Flight {
        final int tenant;
        final EventId id;
        final Position position;
        final long expected;

        /** Where it belongs when it is part of a batch. */
        SimStream.@Nullable Part part;

        @Nullable
        Consumer<SimStream.Answer> answer;

        @Nullable
        SimSession from;

        Flight(int tenant, EventId id, Position position, long expected, @Nullable Consumer<SimStream.Answer> answer) {
            this.tenant = tenant;
            this.id = id;
            this.position = position;
            this.expected = expected;
            this.answer = answer;
        }
    }

    /** An answer on its way back. */
    record Reply(Consumer<SimStream.Answer> waiting, SimStream.Answer answer) {}

    record Question(int tenant, Look look, Consumer<StreamTail> tail, Consumer<Failure> failure) {}

    final Rules rules;
    final List<Entry> wal = new ArrayList<>();
    final Map<EventId, Row> rows = new HashMap<>();
    final List<List<Row>> tenants = new ArrayList<>();
    final List<SimStream> streams = new ArrayList<>();
    final List<Address> addresses = new ArrayList<>();
    final ArrayDeque<Flight> toServer = new ArrayDeque<>();
    final List<Reply> answers = new ArrayList<>();
    final ArrayDeque<Flight> unsent = new ArrayDeque<>();
    final ArrayDeque<Flight> held = new ArrayDeque<>();
    final List<Question> questions = new ArrayList<>();
    final List<Runnable> tails = new ArrayList<>();
    final List<Lsn> flushed = new ArrayList<>(List.of(new Lsn(1_000)));
    final Tally tally = new Tally();
    /** Windows of tenants whose policy was changed, negative while they are paused. */
    final Map<Integer, Integer> policies = new HashMap<>();

    private final List<String> violations = new ArrayList<>();
    boolean connected = true;
    long now;
    SlotIdentity slot = new SlotIdentity(7, 1, "outbox_relay");
    final Map<Integer, Lsn> ancestors = new HashMap<>();
    private long walEnd = 1_000;
    SimSession session;
    long letters;
    int nextBatch;
    private int rulings;
    private @Nullable Boolean restartWithFences;

    World(Rules rules) {
        this.rules = rules;
        for (int i = 0; i < rules.tenants(); i++) {
            tenants.add(new ArrayList<>());
            streams.add(new SimStream(rules));
            addresses.add(Address.of("t" + i, Naming.STRICT).orElseThrow());
        }
        session = new SimSession(this, true);
    }

    void violation(String text) {
        violations.add(text);
    }

    List<String> violations() {
        return violations;
    }

    Lsn confirmed() {
        return flushed.get(flushed.size() - 1);
    }

    Lsn walEnd() {
        return new Lsn(walEnd);
    }

    /** Runs a schedule, lets everything heal, and looks at what came of it. */
    static World run(Rules rules, List<Step> steps) {
        World world = new World(rules);
        try {
            for (Step step : steps) {
                world.apply(step);
            }
            world.heal();
            if (world.violations.isEmpty()) {
                Checks.check(world);
            }
        } catch (RuntimeException e) {
            StackTraceElement[] at = e.getStackTrace();
            world.violation("exception: " + e + (at.length > 0 ? " at " + at[0] : ""));
        }
        return world;
    }

    void restart(boolean useFences) {
        if (restartWithFences == null || restartWithFences) {
            restartWithFences = useFences;
        }
    }

    void apply(Step step) {
        int a = step.a();
        int b = step.b();
        switch (step.kind()) {
            case COMMIT -> commit(a, b);
            case MESSAGE -> message();
            case RECEIVE -> session.receive(a);
            case SERVE -> repeat(a, this::serve);
            case ANSWER -> repeat(a, () -> answer(0));
            case ANSWER_EARLY -> answer(a);
            case LOSE_ANSWER -> loseAnswer(a);
            case GIVE_UP -> giveUp(a, false);
            case LOSE_PUBLISH -> giveUp(a, true);
            case LOOK -> look(a);
            case ATTACHED -> take(tails, a, Runnable::run);
            case ATTACH_FAILS -> take(questions, a, q -> q.failure.accept(failure(b)));
            case DISCONNECT -> disconnect(a, b);
            case CUT -> cut(a, b);
            case FREEZE -> freeze(a, b);
            case RELEASE -> repeat(a, this::release);
            case CONNECT -> connect();
            case FOREIGN -> foreign(a, b);
            case PURGE -> purge(a, b);
            case DELETE -> delete(a);
            case TROUBLE -> stream(a).trouble = failure(b);
            case RECOVER -> stream(a).trouble = null;
            case NEW_LEADER -> stream(a).forgetBatches();
            case DEAD_LETTER -> repeat(a, session::deadLetter);
            case PARK -> repeat(a, session::park);
            case TABLE -> repeat(a, session::table);
            case REPLAY -> decide(a, Row.Letter.State.REPLAYING);
            case DISCARD -> decide(a, Row.Letter.State.DISCARDED);
            case RULES -> rulings++;
            case PARK_NOW -> session.parkNow(Math.floorMod(a, streams.size()), false);
            case POLICY -> policy(Math.floorMod(a, streams.size()), 1 + b / 2, b % 2 == 1);
            case PARK_BLINDLY -> session.parkNow(Math.floorMod(a, streams.size()), true);
            case MARK -> repeat(a, () -> session.mark(b));
            case PROCESSED -> session.processed();
            case FLUSH -> session.flush();
            case POSTGRES_CRASH -> postgresCrash(a);
            case CRASH -> crash(a, b);
            case RUN -> repeat(3, this::everything);
            case TICK -> tick(a * MILLI);
            case RESTORE -> restore();
            case PROMOTE -> promote(a);
            case NEW_SLOT -> newIdentity(new SlotIdentity(slot.systemIdentifier(), slot.timeline(), slot.slot() + "x"));
            case NEW_SYSTEM -> newIdentity(new SlotIdentity(slot.systemIdentifier() + 1, slot.timeline(), slot.slot()));
        }
        restartIfWanted();
    }

    private void restartIfWanted() {
        Boolean fences = restartWithFences;
        if (fences != null) {
            restartWithFences = null;
            tally.restarts++;
            if (!fences) {
                tally.wrongFences++;
            }
            newSession(fences);
        }
    }

    private void newSession(boolean fences) {
        session = new SimSession(this, fences);
        session.begin();
        session.linkChanged();
    }

    /** An operator decides about a dead letter. */
    private void decide(int index, Row.Letter.State state) {
        List<Row> dead = tenants.stream()
                .flatMap(List::stream)
                .filter(row -> row.letter != null && row.letter.state == Row.Letter.State.DEAD)
                .toList();
        if (dead.isEmpty()) {
            return;
        }
        Row row = dead.get(Math.floorMod(index, dead.size()));
        Row.Letter letter = row.letter;
        if (letter == null) {
            return;
        }
        letter.state = state;
        if (state == Row.Letter.State.REPLAYING) {
            row.fate = Row.Fate.GOOD; // a header was corrected, say
            row.refusalsLeft = 0;
            row.replayed = true;
            tally.replayed++;
        }
        session.operatorDecided(row.tenant);
    }

    private static void repeat(int times, Runnable action) {
        for (int i = 0; i < times; i++) {
            action.run();
        }
    }

    private static <T> void take(List<T> list, int index, Consumer<T> action) {
        if (!list.isEmpty()) {
            action.accept(list.remove(Math.floorMod(index, list.size())));
        }
    }

    SimStream stream(int a) {
        return streams.get(Math.floorMod(a, streams.size()));
    }

    private void commit(int count, int seed) {
        int bits = seed;
        List<Row> written = new ArrayList<>();
        long first = walEnd;
        walEnd += 10L * count + 10;
        for (int i = 0; i < count; i++) {
            int tenant = (bits & 3) % rules.tenants();
            int dice = (bits >> 2) & 31;
            bits = (bits * 1_103_515_245 + 12_345) >>> 3;
            Row.Fate fate = dice < 24
                    ? Row.Fate.GOOD
                    : dice < 26
                            ? Row.Fate.REJECTED
                            : dice < 28 ? Row.Fate.POISON : dice < 31 ? Row.Fate.FLAKY : Row.Fate.STUBBORN;
            // rows of concurrent transactions interleave: their own positions are no order
            Row row = new Row(rows.size(), tenant, fate, Math.max(1, first - dice * 3L));
            rows.put(row.id, row);
            tenants.get(tenant).add(row);
            written.add(row);
        }
        wal.add(new Entry(new Lsn(walEnd), written));
    }

    void message() {
        walEnd += 10;
        wal.add(new Entry(new Lsn(walEnd), List.of()));
    }

    void send(Flight flight) {
        if (!connected) {
            violation("published while there is no connection: " + flight.id);
        }
        flight.from = session;
        toServer.add(flight);
    }

    private void serve() {
        Flight flight = toServer.poll();
        if (flight != null) {
            SimStream.Answer answer = process(flight);
            Consumer<SimStream.Answer> waiting = flight.answer;
            if (waiting != null && answer != null) {
                answers.add(new Reply(waiting, answer));
            }
        }
    }

    private SimStream.@Nullable Answer process(Flight flight) {
        Row row = row(flight.id);
        row.heldUp |= flight.from != session;
        SimStream stream = streams.get(flight.tenant);
        SimStream.Part part = flight.part;
        if (part != null) {
            boolean usable = row.fate != Row.Fate.POISON && row.refusalsLeft == 0;
            SimStream.Answer answer = stream.stage(part, flight.id, flight.position, flight.expected, usable, now);
            tally.batches += answer instanceof SimStream.Answer.BatchAck ? 1 : 0;
            tally.batchesRefused += answer instanceof SimStream.Answer.Refused ? 1 : 0;
            return answer;
        }
        if (row.fate == Row.Fate.POISON) {
            return new SimStream.Answer.Refused(new Failure(Failure.Kind.POISON, "10054", "too large"));
        }
        if (row.refusalsLeft > 0) {
            row.refusalsLeft--;
            return new SimStream.Answer.Refused(new Failure(Failure.Kind.UNEXPLAINED, "99999", "no idea"));
        }
        return stream.publish(flight.id, flight.position, flight.expected, now);
    }

    /** What the routing rules say at this moment. */
    Row.Ruling ruling(Row row) {
        if (!rules.routing() || row.fate == Row.Fate.REJECTED) {
            return Row.Ruling.NONE;
        }
        int dice = Math.floorMod(((row.id.hashCode() * 31 + rulings) * 0x9E3779B9) >>> 7, 8);
        return dice < 2 ? Row.Ruling.DROP : dice == 2 ? Row.Ruling.DEAD_LETTER : Row.Ruling.NONE;
    }

    Row row(EventId id) {
        Row row = rows.get(id);
        if (row == null) {
            throw new IllegalStateException("no row " + id);
        }
        return row;
    }

    private void answer(int index) {
        take(answers, index, reply -> reply.waiting.accept(reply.answer));
    }

    private static final SimStream.Answer TIMEOUT =
            new SimStream.Answer.Refused(Failure.doubt("timeout", "no answer from the server in time"));

    private void loseAnswer(int index) {
        if (!answers.isEmpty()) {
            int i = Math.floorMod(index, answers.size());
            answers.set(i, new Reply(answers.get(i).waiting, TIMEOUT));
        }
    }

    private void giveUp(int index, boolean lost) {
        if (toServer.isEmpty()) {
            return;
        }
        List<Flight> flights = new ArrayList<>(toServer);
        Flight flight = flights.get(Math.floorMod(index, flights.size()));
        Consumer<SimStream.Answer> waiting = flight.answer;
        flight.answer = null;
        if (lost) {
            toServer.remove(flight);
        }
        if (waiting != null) {
            answers.add(new Reply(waiting, TIMEOUT));
        }
    }

    private void look(int index) {
        if (connected) {
            take(questions, index, q -> {
                SimStream stream = streams.get(q.tenant);
                Failure trouble = stream.trouble;
                if (trouble != null && trouble.kind() != Failure.Kind.TENANT_TROUBLE) {
                    tails.add(() -> q.failure.accept(trouble));
                    return;
                }
                StreamTail tail = stream.look(q.look);
                tails.add(() -> q.tail.accept(tail));
            });
        }
    }

    /** Whether the failure says that there is no such stream. */
    boolean isAbsent(int tenant, Failure failure) {
        return failure.kind() == Failure.Kind.TENANT_TROUBLE
                && !streams.get(tenant).exists();
    }

    private static Failure failure(int way) {
        return switch (Math.floorMod(way, 3)) {
            case 0 -> Failure.doubt("timeout", "no answer");
            case 1 -> new Failure(Failure.Kind.TRANSIENT, "10008", "try again");
            default -> new Failure(Failure.Kind.TENANT_TROUBLE, "10077", "maximum messages exceeded");
        };
    }

    private void disconnect(int processed, int late) {
        if (!connected) {
            return;
        }
        connected = false;
        for (int i = 0; i < processed && !toServer.isEmpty(); i++) {
            process(toServer.remove());
        }
        toServer.forEach(flight -> flight.answer = null);
        while (!toServer.isEmpty() && unsent.size() < late) {
            unsent.add(toServer.remove());
        }
        toServer.clear();
        // answers that were on their way still reach a lane that does not wait for them any more
        session.linkChanged();
    }

    private void hold(int processed, int late) {
        for (int i = 0; i < processed && !toServer.isEmpty(); i++) {
            process(toServer.remove());
        }
        for (int i = 0; i < late && !toServer.isEmpty(); i++) {
            held.add(toServer.remove());
        }
    }

    private void cut(int processed, int late) {
        if (connected) {
            hold(processed, late);
            disconnect(0, 0);
        }
    }

    private void freeze(int processed, int late) {
        hold(processed, late);
        crash(0, 0);
    }

    private void release() {
        Flight flight = held.poll();
        if (flight != null) {
            process(flight);
        }
    }

    private void connect() {
        if (!connected) {
            connected = true;
            toServer.addAll(unsent);
            unsent.clear();
            session.linkChanged();
        }
    }

    private void foreign(int a, int count) {
        for (int i = 0; i < count; i++) {
            stream(a).foreign();
        }
        tally.foreign |= 1L << Math.floorMod(a, streams.size());
    }

    private void purge(int a, int keep) {
        stream(a).purge(keep);
        tally.purged |= 1L << Math.floorMod(a, streams.size());
    }

    private void delete(int a) {
        stream(a).delete();
        tally.purged |= 1L << Math.floorMod(a, streams.size());
    }

    private void postgresCrash(int back) {
        for (int i = 0; i < back && flushed.size() > 1; i++) {
            flushed.remove(flushed.size() - 1);
        }
        newSession(true);
        tally.sessions++;
    }

    private void promote(int lag) {
        ancestors.put(slot.timeline(), walEnd());
        slot = new SlotIdentity(slot.systemIdentifier(), slot.timeline() + 1, slot.slot());
        postgresCrash(lag);
    }

    private void crash(int processed, int letters) {
        for (int i = 0; i < letters; i++) {
            session.deadLetter();
            session.park();
            session.table();
        }
        for (int i = 0; i < processed && !toServer.isEmpty(); i++) {
            process(toServer.remove());
        }
        toServer.clear();
        unsent.clear();
        answers.clear();
        questions.clear();
        tails.clear();
        connected = true;
        newSession(true);
        tally.sessions++;
    }

    private void policy(int tenant, int window, boolean paused) {
        policies.put(tenant, paused ? -window : window);
        session.policyChanged(tenant);
    }

    boolean isPaused(int tenant) {
        return policies.getOrDefault(tenant, 1) < 0;
    }

    int window(int tenant) {
        return Math.abs(policies.getOrDefault(tenant, rules.window()));
    }

    private void restore() {
        Lsn confirmed = confirmed();
        List<Entry> undone =
                wal.stream().filter(e -> !e.lsn().isAtOrBefore(confirmed)).toList();
        wal.removeAll(undone);
        undone.forEach(
                entry -> entry.rows().forEach(row -> tenants.get(row.tenant).remove(row)));
        walEnd = confirmed.value();
        tally.identityChanged = true;
        crash(0, 0);
    }

    private void newIdentity(SlotIdentity identity) {
        slot = identity;
        tally.identityChanged = true;
        postgresCrash(0);
    }

    private void tick(long nanos) {
        long end = now + nanos;
        Long due = session.nextWake(end);
        while (due != null) {
            now = Math.max(now, due);
            session.wake(due);
            due = session.nextWake(end);
        }
        now = end;
    }

    /** Failures stop: everything must get where it belongs. */
    private void heal() {
        streams.forEach(s -> s.trouble = null);
        policies.keySet().forEach(tenant -> policy(tenant, window(tenant), false));
        long begin = now;
        int rounds = 0;
        while (!isQuiet()) {
            everything();
            for (int i = 0; i < streams.size(); i++) {
                if (streams.get(i).isFlooded()) {
                    purge(i, 0); // what the operator does when told that somebody else's messages are all there is
                    tally.purged |= 1L << i;
                }
            }
            if (rules.hold()) {
                decide(rounds, rounds % 3 == 0 ? Row.Letter.State.DISCARDED : Row.Letter.State.REPLAYING);
            }
            if (++rounds > 3_000 || violations.size() > 3) {
                violation("no progress after failures stopped, in " + rounds + " rounds and " + (now - begin) / MILLI
                        + " ms: " + session.describe());
                return;
            }
        }
        tally.rounds += rounds;
        session.checkSettled();
    }

    private void everything() {
        for (Step.Kind kind : EVERYTHING) {
            boolean oneByOne = kind == Step.Kind.LOOK || kind == Step.Kind.ATTACHED;
            int times = oneByOne ? questions.size() + tails.size() : 1;
            for (int i = 0; i < times; i++) {
                apply(new Step(kind, oneByOne ? 0 : 50, 0));
            }
        }
        apply(new Step(Step.Kind.TICK, 20, 0));
    }

    private boolean isQuiet() {
        return connected
                && toServer.isEmpty()
                && answers.isEmpty()
                && questions.isEmpty()
                && tails.isEmpty()
                && session.isDone();
    }
}
