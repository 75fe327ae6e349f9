package dev.outboxrelay.lane;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.Position;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.SlotIdentity;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.route.Envelope;
import dev.outboxrelay.watermark.Ticket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's outbox and stream, and the leaders that were elected one after the other, each with a lane and a
 * connection of its own. All but the last are late: they publish as long as they believe in themselves, and PostgreSQL
 * takes nothing from them. Every event is a transaction of its own.
 */
final class Leaders {

    private static final long MILLI = 1_000_000;
    private static final int MOST_EVENTS = 14;
    private static final int MOST_LEADERS = 4;
    private static final SlotIdentity SLOT = new SlotIdentity(7, 1, "outbox_relay");

    private final Rules rules;
    private final SimStream stream;
    private final Address address = Address.of("t0", Naming.STRICT).orElseThrow();
    private final List<Boolean> rejected = new ArrayList<>();
    private final List<Boolean> dead = new ArrayList<>();
    private final List<Leader> all = new ArrayList<>();
    private final List<String> violations = new ArrayList<>();
    private int confirmed;
    private long now;
    private int terms;
    private int nextBatch;

    final LateLeaderSimulationTest.Figures figures = new LateLeaderSimulationTest.Figures();

    Leaders(Rules rules) {
        this.rules = rules;
        this.stream = new SimStream(rules);
        for (int i = 0; i < 4; i++) {
            commit(i == 2);
        }
        elect();
    }

    private void commit(boolean bad) {
        if (rejected.size() < MOST_EVENTS) {
            rejected.add(bad);
            dead.add(false);
        }
    }

    private void elect() {
        if (terms < MOST_LEADERS) {
            all.add(new Leader(++terms, true));
            figures.elections++;
        }
    }

    private Leader current() {
        return all.get(all.size() - 1);
    }

    /** What may happen. */
    enum Kind {
        COMMIT(6),
        RECEIVE(16),
        SERVE(18),
        ANSWER(16),
        LOOK(14),
        ATTACHED(14),
        RECONNECT(4),
        CONFIRM(4),
        TICK(4),
        ELECT(2),
        EXPIRE(2);

        private final int weight;

        Kind(int weight) {
            this.weight = weight;
        }

        static Kind any(RandomGenerator random) {
            int dice = random.nextInt(100);
            for (Kind kind : List.of(values())) {
                dice -= kind.weight;
                if (dice < 0) {
                    return kind;
                }
            }
            throw new IllegalStateException("the weights are less than a hundred");
        }
    }

    /** One thing that happens to one of the leaders; numbers are taken modulo what is there. */
    record Move(Kind kind, int who, int a, int b) {
        static Move any(RandomGenerator random) {
            return new Move(Kind.any(random), random.nextInt(12), random.nextInt(12), random.nextInt(12));
        }
    }

    /** Plays moves, lets everything come to rest, and tells what is wrong; empty when nothing is. */
    String play(List<Move> moves) {
        moves.forEach(this::apply);
        heal();
        return verdict();
    }

    private void apply(Move move) {
        Leader leader = all.get(move.who % all.size());
        switch (move.kind) {
            case COMMIT -> commit(move.a == 0);
            case RECEIVE -> current().receive();
            case SERVE -> leader.serve();
            case ANSWER -> leader.answer(move.a == 0);
            case LOOK -> leader.look();
            case ATTACHED -> leader.attached(move.a == 0);
            case RECONNECT -> leader.reconnect(move.a % 3, move.b % 3);
            case CONFIRM -> current().confirm();
            case TICK -> tick(5 + 4 * move.a);
            case ELECT -> elect();
            case EXPIRE -> leader.believes = leader == current();
        }
    }

    private void tick(int millis) {
        now += millis * MILLI;
        List.copyOf(all).forEach(Leader::wake);
    }

    /** Late leaders stop believing, what they have sent arrives some time, and the last one gets through. */
    private void heal() {
        for (int round = 0; round < 600 && violations.isEmpty(); round++) {
            for (Leader leader : List.copyOf(all)) {
                leader.believes = leader == current();
                leader.serve();
                leader.answer(false);
                leader.look();
                leader.attached(false);
            }
            current().receive();
            tick(20);
        }
    }

    private String verdict() {
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < rejected.size(); i++) {
            if (!rejected.get(i)) {
                expected.add("e" + i);
            }
        }
        List<String> stored =
                stream.log.stream().map(message -> String.valueOf(message.id())).toList();
        if (violations.isEmpty() && !stored.equals(expected)) {
            violations.add("the stream has " + stored + ", committed were " + expected);
        }
        if (violations.isEmpty() && !dead.equals(rejected)) {
            violations.add("dead letters are " + dead + " instead of " + rejected);
        }
        if (violations.isEmpty() && !current().isDone()) {
            violations.add(
                    "the last leader did not get through: " + current().lane.snapshot());
        }
        return String.join("; ", violations);
    }

    private record Flight(
            Item item,
            Position position,
            long expected,
            SimStream.@Nullable Part part,
            Consumer<SimStream.Answer> answer) {

        /** The same, and nobody waits for it. */
        Flight unheard() {
            return new Flight(item, position, expected, part, nobody -> {});
        }
    }

    private record Question(Look look, Consumer<StreamTail> answer, Runnable failure) {}

    /** One leader's lane, its connection, and what PostgreSQL lets it do. */
    private final class Leader implements LaneOutput {

        private static final SimStream.Answer TIMEOUT =
                new SimStream.Answer.Refused(Failure.doubt("timeout", "no answer from the server in time"));

        final int term;
        final Lane lane;
        boolean believes = true;
        private final int first;
        private final int startUp;
        private final boolean[] settled = new boolean[MOST_EVENTS];
        private final ArrayDeque<Flight> sent = new ArrayDeque<>();
        private final ArrayDeque<Runnable> answers = new ArrayDeque<>();
        private final ArrayDeque<Runnable> letters = new ArrayDeque<>();
        private final ArrayDeque<Question> questions = new ArrayDeque<>();
        private final ArrayDeque<Runnable> tails = new ArrayDeque<>();
        private final List<Long> wakes = new ArrayList<>();
        private boolean over;
        private int turnedAway;
        private int cursor;

        Leader(int term, boolean useFences) {
            this.term = term;
            this.first = confirmed;
            this.cursor = confirmed;
            this.startUp = rejected.size();
            Fence fence =
                    new Fence(term, SLOT, new Lsn(confirmed * 10L), useFences && !rules.broken(Rules.Broken.FENCE));
            LaneLimits limits = new LaneLimits(
                    rules.window(),
                    rules.deadLetters(),
                    new RetryPolicy(Duration.ofMillis(10), Duration.ofMillis(100), 4),
                    Duration.ofMillis(50),
                    1_000_000,
                    1 << 30,
                    Duration.ofDays(1),
                    false,
                    false,
                    rules.batching());
            this.lane = new Lane(address, limits, fence, new SplittableRandom(term), this);
            lane.connected(1 << 20, now);
            reachStartUp();
        }

        private boolean isCurrent() {
            return !over && this == current();
        }

        /** As the real cell: an input of a session that is over is dropped. */
        private void input(Runnable input) {
            if (!over) {
                input.run();
            }
        }

        void receive() {
            if (cursor == rejected.size() || !isCurrent()) {
                return;
            }
            int number = cursor++;
            if (dead.get(number)) {
                settled[number] = true;
            } else {
                lane.arrived(List.of(item(number)), now);
            }
            if (isCurrent()) {
                reachStartUp();
            }
        }

        private void reachStartUp() {
            if (cursor == startUp) {
                lane.caughtUp();
            }
        }

        private Item item(int number) {
            OutboxEvent event = new OutboxEvent(
                    new EventId("e" + number),
                    new RowRef(TableName.OUTBOX_MESSAGE, "e" + number),
                    "t0",
                    "s",
                    null,
                    Payload.EMPTY,
                    new Origin(new Lsn(number * 10L + 5), new Lsn(number * 10L), 0));
            Ticket ticket = new Ticket(number);
            return rejected.get(number)
                    ? Item.rejected(ticket, event, new Rejection(Reason.INVALID_SUBJECT, "invalid"))
                    : Item.deliverable(ticket, new Envelope(event, address, address.prefix() + "s", List.of()));
        }

        void serve() {
            Flight flight = sent.poll();
            if (flight != null) {
                EventId id = flight.item.event().id();
                SimStream.Answer answer = flight.part == null
                        ? stream.publish(id, flight.position, flight.expected, now)
                        : stream.stage(flight.part, id, flight.position, flight.expected, true, now);
                if (answer instanceof SimStream.Answer.BatchAck) {
                    figures.batches++;
                    figures.lateBatches += this == current() ? 0 : 1;
                }
                if (answer instanceof SimStream.Answer.Ack && this != current()) {
                    figures.late++;
                }
                if (answer != null) {
                    answers.add(() -> flight.answer.accept(answer));
                }
            }
        }

        void answer(boolean lost) {
            if (lost && !sent.isEmpty()) {
                Flight flight = sent.peekLast(); // given up on, and still on its way
                answers.add(() -> flight.answer.accept(TIMEOUT));
            }
            Runnable answer = answers.poll();
            if (answer != null) {
                input(answer);
            }
            Runnable letter = letters.poll();
            if (letter != null) {
                input(letter);
            }
        }

        void look() {
            Question question = questions.poll();
            if (question != null) {
                StreamTail tail = stream.look(question.look);
                tails.add(() -> question.answer.accept(tail));
            }
        }

        void attached(boolean fails) {
            Question question = fails ? questions.poll() : null;
            if (question != null) {
                input(question.failure);
                return;
            }
            Runnable tail = tails.poll();
            if (tail != null) {
                input(tail);
            }
        }

        /** The connection is cut and there again: some of what was sent arrived, some comes late, the rest is lost. */
        void reconnect(int arrived, int late) {
            for (int i = 0; i < arrived; i++) {
                serve();
            }
            while (sent.size() > late) {
                sent.removeLast();
            }
            answers.clear();
            List<Flight> unsent = List.copyOf(sent);
            sent.clear();
            unsent.forEach(flight -> sent.add(flight.unheard()));
            input(() -> {
                lane.disconnected();
                lane.connected(1 << 20, now);
            });
        }

        void wake() {
            for (Long due : List.copyOf(wakes)) {
                if (due <= now) {
                    wakes.remove(due);
                    input(() -> lane.woken(now));
                }
            }
        }

        /** The slot confirms what is settled from its position on. */
        void confirm() {
            if (isCurrent()) {
                int prefix = first;
                while (prefix < cursor && settled[prefix]) {
                    prefix++;
                }
                confirmed = Math.max(confirmed, prefix);
            }
        }

        boolean isDone() {
            for (int i = first; i < rejected.size(); i++) {
                if (!settled[i]) {
                    return false;
                }
            }
            return sent.isEmpty();
        }

        @Override
        public void attach(long round, Look look) {
            questions.add(new Question(
                    look,
                    tail -> {
                        lane.streamTakesBatches(rules.batches());
                        lane.attached(round, tail, now);
                    },
                    () -> lane.attachFailed(round, Failure.doubt("timeout", "no answer"), false, now)));
        }

        @Override
        public void publish(long round, Item item, long expectedLastSequence, Position position) {
            if (!believes) {
                over = true;
                return;
            }
            sent.add(new Flight(
                    item, position, expectedLastSequence, null, once(answer -> answered(round, item, answer))));
        }

        @Override
        public void publishBatch(long round, List<Outgoing> batch, long expectedLastSequence) {
            if (!believes) {
                over = true;
                return;
            }
            String name = "batch " + nextBatch++;
            for (int i = 0; i < batch.size(); i++) {
                boolean last = i + 1 == batch.size();
                sent.add(new Flight(
                        batch.get(i).item(),
                        batch.get(i).position(),
                        expectedLastSequence,
                        new SimStream.Part(name, i + 1, last),
                        last ? once(answer -> answered(round, batch, answer)) : nobody -> {}));
            }
        }

        private static Consumer<SimStream.Answer> once(Consumer<SimStream.Answer> taker) {
            boolean[] answered = {false};
            return answer -> {
                if (!answered[0]) {
                    answered[0] = true;
                    taker.accept(answer);
                }
            };
        }

        private void answered(long round, List<Outgoing> batch, SimStream.Answer answer) {
            if (answer instanceof SimStream.Answer.BatchAck ack) {
                lane.batchStored(round, batch, ack.lastSequence(), ack.messages(), now);
            } else {
                lane.batchFailed(round, batch, ((SimStream.Answer.Refused) answer).failure(), now);
            }
        }

        private void answered(long round, Item item, SimStream.Answer answer) {
            if (answer instanceof SimStream.Answer.Ack ack) {
                lane.acknowledged(round, item, ack.sequence(), now);
            } else if (answer instanceof SimStream.Answer.Duplicate duplicate) {
                lane.duplicate(round, item, duplicate.sequence(), now);
            } else {
                lane.failed(round, item, ((SimStream.Answer.Refused) answer).failure(), now);
            }
        }

        @Override
        public void settle(List<Item> items, How how) {
            if (how == How.SKIPPED) {
                figures.skipped += items.size();
            }
            items.forEach(item -> settled[number(item)] = settled[number(item)] || isCurrent());
            losesToGuard();
        }

        @Override
        public void deadLetter(Item item, Rejection rejection) {
            if (isCurrent()) {
                dead.set(number(item), true);
                settled[number(item)] = true;
                letters.add(() -> lane.deadLettered(now));
            } else {
                losesToGuard();
            }
        }

        /**
         * A settling transaction of a late leader is turned away by the term, some time; in mode keep there is none.
         */
        private void losesToGuard() {
            over = over || (this != current() && ++turnedAway > 3);
        }

        private static int number(Item item) {
            return (int) item.ticket().number();
        }

        /** Nothing was parked: what is asked about is answered as a dead letter is, when PostgreSQL comes to it. */
        @Override
        public void reconcile(Set<EventId> inStream) {
            letters.add(() -> lane.reconciled(now));
        }

        @Override
        public void park(List<Item> items, String why) {
            violations.add("parks within its limits: " + why);
        }

        @Override
        public void fetch(int atMost) {
            violations.add("fetches, and nothing was parked");
        }

        @Override
        public void resolve(List<Item> items) {
            violations.add("resolves, and nothing was parked");
        }

        @Override
        public void bury(Item item, Rejection rejection) {
            violations.add("buries, and nothing was parked");
        }

        @Override
        public void release(Item item) {}

        @Override
        public void wakeAt(long nanos) {
            wakes.add(nanos);
        }

        @Override
        public void notice(Notice notice, String text) {}

        @Override
        public void stepDown(long seen, String reason) {
            figures.stepDowns++;
            over = true;
            if (this == current()) {
                violations.add("the last leader stepped down: " + reason);
            }
        }

        @Override
        public void restart(boolean useFences, String reason) {
            if (!useFences) {
                violations.add("a fence was wrong: " + reason);
            }
            if (isCurrent()) {
                over = true;
                Leader again = new Leader(term, useFences);
                all.set(all.size() - 1, again);
                // flushed before the next session looks, or on their way still
                sent.forEach(flight -> again.sent.add(flight.unheard()));
            }
        }
    }
}
