package dev.outboxrelay.lane;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.route.Envelope;
import dev.outboxrelay.watermark.Ticket;
import dev.outboxrelay.watermark.Watermark;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One run of the engine with its lanes: what the real session does, step by step. */
final class SimSession {

    private record Marking(Row row, Ticket ticket) {}

    private record Letter(Row row, Ticket ticket, @Nullable SimLane lane) {}

    private record Parking(Row row, Ticket ticket, SimLane lane) {}

    private record Boundary(long ticketsBefore, Lsn lsn) {}

    private final World world;
    private final Watermark watermark = new Watermark();
    private final Map<Integer, SimLane> lanes = new LinkedHashMap<>();
    private final Fence fence;
    private final Lsn startUp;
    private final ArrayDeque<Letter> letters = new ArrayDeque<>();
    private final ArrayDeque<Parking> parkings = new ArrayDeque<>();
    private final ArrayDeque<SimLane> parkedAndNotSaid = new ArrayDeque<>();
    private final ArrayDeque<Runnable> requests = new ArrayDeque<>();
    private final List<Marking> markings = new ArrayList<>();
    private final List<Boundary> boundaries = new ArrayList<>();
    private Lsn reckless = Lsn.NONE;
    private Lsn lastCommit;
    private Lsn marked;
    private Lsn previous = Lsn.NONE;
    private int cursor;
    private boolean caughtUp;

    SimSession(World world, boolean useFences) {
        this.world = world;
        Lsn confirmed = world.confirmed();
        fence = new Fence(
                0, world.slot, confirmed, world.ancestors, useFences && !world.rules.broken(Rules.Broken.FENCE));
        startUp = world.walEnd();
        lastCommit = confirmed;
        marked = confirmed;
        while (cursor < world.wal.size() && world.wal.get(cursor).lsn().isAtOrBefore(confirmed)) {
            cursor++;
        }
        world.message(); // what the monitor emits at a start, so that the end of the backlog is seen
    }

    /** The lanes of tenants that have something in the table begin at once. */
    void begin() {
        for (int tenant = 0; tenant < world.tenants.size(); tenant++) {
            if (world.tenants.get(tenant).stream().anyMatch(Row::waitsInTable)) {
                lane(tenant).lane.backlogWaits(world.now);
            }
        }
    }

    boolean isCurrent() {
        return world.session == this;
    }

    /** The source hands over a batch; as the real one, it looks dead letters up until it has caught up. */
    void receive(int count) {
        List<World.Entry> batch = world.wal.subList(cursor, Math.min(world.wal.size(), cursor + count));
        Set<Row> dead = caughtUp
                ? Set.of()
                : batch.stream()
                        .flatMap(entry -> entry.rows().stream())
                        .filter(row -> row.letter != null)
                        .collect(Collectors.toSet());
        Map<SimLane, List<Item>> arrivals = new LinkedHashMap<>();
        for (World.Entry entry : List.copyOf(batch)) {
            cursor++;
            if (entry.rows().isEmpty()) {
                passed(entry.lsn(), arrivals);
            } else {
                // a row tells the commit before its own
                passed(previous, arrivals);
                entry.rows().forEach(row -> arrived(row, dead, arrivals));
            }
            previous = entry.lsn();
        }
        deliver(arrivals);
    }

    private void passed(Lsn lsn, Map<SimLane, List<Item>> arrivals) {
        if (lsn.compareTo(lastCommit) <= 0) {
            return;
        }
        lastCommit = lsn;
        watermark.boundary(lsn);
        boundaries.add(new Boundary(watermark.issued(), lsn));
        if (!caughtUp && startUp.isAtOrBefore(lsn)) {
            deliver(arrivals);
            caughtUp = true;
            lanes.values().forEach(lane -> lane.lane.caughtUp());
        }
    }

    private void deliver(Map<SimLane, List<Item>> arrivals) {
        arrivals.forEach((lane, items) -> lane.lane.arrived(items, world.now));
        arrivals.clear();
    }

    private void arrived(Row row, Set<Row> dead, Map<SimLane, List<Item>> arrivals) {
        Ticket ticket = watermark.issue();
        SimLane lane = lane(row.tenant);
        OutboxEvent event = event(row, lastCommit);
        Row.Letter letter = row.letter;
        Item item = letter != null && dead.contains(row)
                ? Item.again(ticket, event, letter.everParked ? letter.seq : 0)
                : fresh(row, ticket, lane, event);
        lane.arrived(item);
        arrivals.computeIfAbsent(lane, unused -> new ArrayList<>()).add(item);
    }

    private Item fresh(Row row, Ticket ticket, SimLane lane, OutboxEvent event) {
        Row.Ruling ruling = world.ruling(row);
        if (ruling == Row.Ruling.DROP) {
            return Item.dropped(ticket, event, "rule");
        }
        if (ruling == Row.Ruling.DEAD_LETTER) {
            return Item.rejected(ticket, event, ruledOut(row));
        }
        return row.fate == Row.Fate.REJECTED
                ? Item.rejected(ticket, event, new Rejection(Reason.INVALID_SUBJECT, "invalid"))
                : Item.deliverable(ticket, new Envelope(event, lane.address, lane.address.prefix() + "s", List.of()));
    }

    private Rejection ruledOut(Row row) {
        row.ruledOut = true;
        return new Rejection(Reason.ROUTED_TO_DEAD_LETTER, "rule", !world.rules.broken(Rules.Broken.RULED_OUT));
    }

    private static OutboxEvent event(Row row, Lsn after) {
        return new OutboxEvent(
                row.id,
                new RowRef(TableName.OUTBOX_MESSAGE, row.id.value()),
                "t" + row.tenant,
                "s",
                null,
                Payload.EMPTY,
                new Origin(new Lsn(row.lsn), after, 0));
    }

    private SimLane lane(int tenant) {
        SimLane known = lanes.get(tenant);
        if (known != null) {
            return known;
        }
        SimLane lane = new SimLane(world, this, tenant, fence);
        lanes.put(tenant, lane);
        if (world.connected) {
            lane.lane.connected(1 << 20, world.now);
        }
        if (caughtUp) {
            lane.lane.caughtUp();
        }
        if (world.rules.hold()) {
            lane.lane.backlogWaits(world.now);
        }
        return lane;
    }

    /** The connection came or went, or both between two looks. */
    void linkChanged() {
        for (SimLane lane : lanes.values()) {
            lane.lane.disconnected();
            if (world.connected) {
                lane.lane.connected(1 << 20, world.now);
            }
        }
    }

    void settle(Ticket ticket) {
        watermark.settle(ticket);
        boundaries.stream()
                .filter(b -> b.ticketsBefore <= ticket.number() + 1)
                .reduce((a, b) -> b)
                .ifPresent(b -> reckless = b.lsn);
    }

    void toMark(Item item) {
        markings.add(new Marking(world.row(item.event().id()), item.ticket()));
    }

    void toDeadLetter(Item item, SimLane lane) {
        letters.add(new Letter(world.row(item.event().id()), item.ticket(), lane));
    }

    /** Commits the next dead letter with its row. */
    void deadLetter() {
        Letter letter = letters.poll();
        if (letter != null) {
            if (letter.row.letter == null) {
                letter.row.letter = new Row.Letter(++world.letters, Row.Letter.State.DEAD);
            }
            settle(letter.ticket);
            SimLane lane = letter.lane;
            if (lane != null) {
                lane.deadLettered();
            }
        }
    }

    void toPark(List<Item> items, SimLane lane) {
        items.forEach(item -> parkings.add(new Parking(world.row(item.event().id()), item.ticket(), lane)));
    }

    /** Commits the next parked event. */
    void park() {
        Parking parking = parkings.poll();
        if (parking != null) {
            if (parking.row.letter == null) {
                parking.row.letter = new Row.Letter(++world.letters, Row.Letter.State.PARKED);
                world.tally.parked++;
            }
            settle(parking.ticket);
            parkedAndNotSaid.add(parking.lane);
        } else {
            sayParked();
        }
        if ((world.letters & 1) == 0) {
            sayParked();
        }
    }

    /** The lane is told a while after the commit, and before or after it hears what somebody read from the table. */
    private void sayParked() {
        SimLane lane = parkedAndNotSaid.poll();
        if (lane != null && isCurrent()) {
            lane.lane.parked(1, world.now);
        }
    }

    void request(Runnable request) {
        requests.add(request);
    }

    /** Carries out the next request about the table. */
    void table() {
        Runnable request = requests.poll();
        if (request != null) {
            request.run();
        }
    }

    void fetch(int tenant, int atMost, SimLane lane) {
        List<Row> waiting = world.tenants.get(tenant).stream()
                .filter(Row::waitsInTable)
                .sorted(Comparator.comparingLong(SimSession::seq))
                .toList();
        long limit = !world.rules.hold()
                ? Long.MAX_VALUE
                : world.tenants.get(tenant).stream()
                        .filter(row -> row.letter != null && row.letter.state == Row.Letter.State.DEAD)
                        .mapToLong(SimSession::seq)
                        .min()
                        .orElse(Long.MAX_VALUE);
        boolean anyDead = limit != Long.MAX_VALUE;
        List<Item> items = waiting.stream()
                .filter(row -> seq(row) < limit)
                .limit(atMost)
                .map(row -> late(row, lane))
                .toList();
        // what was read is on its way while others write
        request(() -> {
            if (isCurrent()) {
                lane.lane.fetched(items, items.isEmpty() && anyDead, world.now);
            }
        });
    }

    private Item late(Row row, SimLane lane) {
        OutboxEvent event = event(row, Lsn.NONE);
        Row.Ruling ruling = world.ruling(row);
        if (ruling == Row.Ruling.DROP) {
            return Item.lateDropped(seq(row), event, "rule");
        }
        if (ruling == Row.Ruling.DEAD_LETTER) {
            return Item.lateRejected(seq(row), event, ruledOut(row));
        }
        return row.fate == Row.Fate.REJECTED
                ? Item.lateRejected(seq(row), event, new Rejection(Reason.INVALID_SUBJECT, "invalid"))
                : Item.late(seq(row), new Envelope(event, lane.address, lane.address.prefix() + "s", List.of()));
    }

    private static long seq(Row row) {
        Row.Letter letter = row.letter;
        return letter == null ? 0 : letter.seq;
    }

    void resolve(EventId id) {
        Row row = world.row(id);
        Row.Letter letter = row.letter;
        if (letter != null && (letter.waits() || letter.state == Row.Letter.State.DISCARDED)) {
            letter.state = letter.state == Row.Letter.State.PARKED ? Row.Letter.State.SENT : Row.Letter.State.REPLAYED;
            row.marked = true;
        }
    }

    /** A rule drops what waits in the table. */
    void discard(EventId id) {
        Row row = world.row(id);
        Row.Letter letter = row.letter;
        if (letter != null && letter.waits()) {
            letter.state = Row.Letter.State.DISCARDED;
            row.dropped = true;
            row.marked = true;
            world.tally.dropped++;
        }
    }

    void bury(EventId id) {
        Row.Letter letter = world.row(id).letter;
        if (letter != null && letter.waits()) {
            letter.state = Row.Letter.State.DEAD;
        }
    }

    void reconcile(int tenant, Set<EventId> inStream, SimLane lane) {
        if (!world.rules.broken(Rules.Broken.RECONCILE)) {
            for (Row row : world.tenants.get(tenant)) {
                Row.Letter letter = row.letter;
                if (letter != null && letter.waits() && inStream.contains(row.id)) {
                    resolve(row.id);
                    world.tally.reconciled++;
                }
            }
        }
        if (isCurrent()) {
            lane.lane.reconciled(world.now);
        }
    }

    /** The leader learns that an operator decided something. */
    void operatorDecided(int tenant) {
        lane(tenant).lane.backlogWaits(world.now);
    }

    void policyChanged(int tenant) {
        SimLane known = lanes.get(tenant);
        if (known != null) {
            known.lane.limits(known.limits(), world.now);
        }
    }

    void parkNow(int tenant, boolean blindly) {
        SimLane known = lanes.get(tenant);
        if (known != null && known.isBlind() == blindly) {
            world.tally.parkedBlindly |= blindly ? 1L << tenant : 0;
            known.lane.park("budget", world.now);
        }
    }

    /** Marks one row, not always the first. */
    void mark(int index) {
        if (!markings.isEmpty()) {
            Marking marking = markings.remove(Math.floorMod(index, markings.size()));
            marking.row.marked = true;
            settle(marking.ticket);
        }
    }

    void processed() {
        Lsn confirmable = world.rules.broken(Rules.Broken.WATERMARK) ? reckless : watermark.confirmable();
        if (confirmable.compareTo(marked) > 0) {
            marked = confirmable;
        }
    }

    void flush() {
        if (marked.compareTo(world.confirmed()) > 0) {
            world.flushed.add(marked);
        }
    }

    @Nullable
    Long nextWake(long until) {
        return lanes.values().stream()
                .filter(lane -> !lane.wakes.isEmpty())
                .map(lane -> lane.wakes.get(0))
                .filter(at -> at <= until)
                .min(Long::compare)
                .orElse(null);
    }

    void wake(long at) {
        for (SimLane lane : List.copyOf(lanes.values())) {
            if (lane.wakes.remove((Long) at)) {
                lane.lane.woken(world.now);
            }
        }
    }

    boolean isDone() {
        return cursor == world.wal.size()
                && letters.isEmpty()
                && parkings.isEmpty()
                && parkedAndNotSaid.isEmpty()
                && requests.isEmpty()
                && world.rows.values().stream().noneMatch(Row::waitsInTable)
                && markings.isEmpty()
                && watermark.settledPrefix() == watermark.issued();
    }

    void checkSettled() {
        lanes.values().forEach(SimLane::checkEmpty);
    }

    String describe() {
        return "wal " + cursor + "/" + world.wal.size() + ", settled " + watermark.settledPrefix() + "/"
                + watermark.issued() + ", "
                + lanes.values().stream().map(l -> l.lane.snapshot().toString()).toList();
    }
}
