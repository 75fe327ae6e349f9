package dev.outboxrelay;

import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Position;
import dev.outboxrelay.lane.Failure;
import dev.outboxrelay.lane.Fence;
import dev.outboxrelay.lane.Item;
import dev.outboxrelay.lane.Lane;
import dev.outboxrelay.lane.LaneLimits;
import dev.outboxrelay.lane.LaneOutput;
import dev.outboxrelay.lane.LaneSnapshot;
import dev.outboxrelay.lane.Look;
import dev.outboxrelay.lane.Rejection;
import dev.outboxrelay.lane.StreamTail;
import dev.outboxrelay.publish.PublishOutcome;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.route.Envelope;
import dev.outboxrelay.settle.DeadLetter;
import dev.outboxrelay.settle.Settlement;
import dev.outboxrelay.spill.ItemCodec;
import dev.outboxrelay.streams.StreamAttacher;
import dev.outboxrelay.telemetry.LaneGauge;
import dev.outboxrelay.telemetry.TenantMeters;
import dev.outboxrelay.tracing.Spans;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lane with its thread, its meters and the edges that carry out what it wants.
 *
 * <p>Every method of {@link LaneOutput} is called on the lane's thread; every answer of an edge is posted to it.
 */
final class LaneCell implements LaneOutput, Intake.Memory, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LaneCell.class);

    private final Address address;
    private final Session session;
    private final LaneThread home;
    private final Lane lane;
    private final TenantMeters meters;
    private final @Nullable Spans spans;
    private final LaneGauge gauge;
    private final TenantBacklog backlog;
    private final Intake intake;
    private long connectionEpoch = -1;
    private boolean changed;

    final LongAdder published = new LongAdder();
    final LongAdder duplicates = new LongAdder();
    final LongAdder deadLettered = new LongAdder();
    private volatile LaneSnapshot snapshot;

    LaneCell(Address address, Session session, LaneThread home, LaneLimits limits, Fence fence, TenantMeters meters) {
        this.address = address;
        this.session = session;
        this.home = home;
        this.meters = meters;
        this.spans = session.spans();
        this.gauge = meters.openLane();
        this.backlog = new TenantBacklog(
                address.tenant().value(),
                session,
                session.newRouter(),
                gauge,
                input -> input(() -> input.accept(lane())));
        this.intake = new Intake(
                limits.maxBytes(),
                limits.maxEvents(),
                this,
                session.spill(),
                new ItemCodec(session.plainRouter()::route));
        this.lane = new Lane(address, limits, fence, new SplittableRandom(), this);
        lane.forbear(session.forbearance());
        lane.attributes(session.cloudEvents());
        this.snapshot = lane.snapshot();
    }

    private Lane lane() {
        return lane;
    }

    /** Events of the tenant wait in the table of dead letters, or an operator decided something. Any thread. */
    void backlogWaits() {
        input(() -> lane.backlogWaits(System.nanoTime()));
    }

    /** So many events of the tenant were in the table when the session began. */
    void backlogFound(long events) {
        backlog.found(events);
        backlogWaits();
    }

    /** Has the lane park what waits, whatever it waits for. Any thread. */
    void park(String why) {
        input(() -> lane.park(why, System.nanoTime()));
    }

    /** The tenant's policy was changed. Any thread. */
    void limits(LaneLimits limits) {
        input(() -> lane.limits(limits, System.nanoTime()));
    }

    /** How many of the tenant's events wait in the table. Any thread. */
    long parked() {
        return backlog.parked();
    }

    /**
     * Hands events over, in order; waits while there is no room for them. Any thread, but one after the other. What is
     * not handed over because the session ends comes again.
     */
    void arrived(List<Item> items) throws InterruptedException {
        for (Item item : items) {
            while (!put(item)) {
                take();
                if (snapshot.trouble() != null) {
                    park("no room is left for the tenant's events on disk");
                }
                if (!session.awaitSpillRoom()) {
                    return;
                }
            }
        }
        take();
    }

    private boolean put(Item item) {
        try {
            return intake.add(item);
        } catch (ClosedByInterruptException e) {
            return false; // the session ends
        } catch (IOException e) {
            session.spillLog().refused(e);
            return false;
        }
    }

    private void take() {
        if (intake.wantTake()) {
            input(this::taken);
        }
    }

    private void taken() {
        try {
            List<Item> items = intake.take();
            if (!items.isEmpty()) {
                lane.arrived(items, System.nanoTime());
            }
        } catch (IOException e) {
            session.end(new SessionEnd.SourceLost("what was spilled cannot be read back: " + e));
            return;
        }
        if (intake.isCaughtUpNow()) {
            lane.caughtUp();
        }
        if (intake.hasMore()) {
            input(this::taken);
        }
    }

    /** Memory was taken for one of the tenant's events. Any thread. */
    void hold(long cost) {
        intake.hold(cost);
    }

    /** It was given back. Any thread. */
    void unhold(long cost) {
        if (intake.unhold(cost)) {
            input(this::taken);
        }
    }

    @Override
    public boolean charge(Item item, boolean inAnyCase) {
        return session.charge(item, this, inAnyCase);
    }

    @Override
    public long cost(Item item) {
        return session.heldCost(item);
    }

    @Override
    public boolean isShort() {
        return session.isShortOfMemory();
    }

    /** How many events wait, in memory and on disk. Any thread. */
    long queued() {
        return snapshot.queued() + intake.onDisk();
    }

    /** Tells the lane whether there is a connection. Any thread. */
    void connectionChanged() {
        input(() -> {});
    }

    /** Everything that was committed before this start has arrived. Any thread. */
    void caughtUp() {
        if (intake.caughtUp()) {
            input(lane::caughtUp);
        }
    }

    /** The lane as it was after its last inputs. Any thread. */
    LaneSnapshot snapshot() {
        return snapshot;
    }

    @Override
    public void close() {
        gauge.close();
        intake.close();
    }

    private void input(Runnable input) {
        home.post(() -> now(input));
    }

    private void now(Runnable input) {
        if (session.isOver()) {
            return;
        }
        Session.Link link = session.link();
        if (link.epoch() != connectionEpoch) {
            // a reconnect that happened between two looks was a disconnect too: what was in flight is in doubt
            lane.disconnected();
            connectionEpoch = link.epoch();
            if (link.connected()) {
                lane.connected(link.maxPayload(), System.nanoTime());
            }
        }
        input.run();
        if (!changed) {
            changed = true;
            home.afterBatch(this::show);
        }
    }

    /** Makes the lane's state visible to other threads; once for many inputs. */
    private void show() {
        changed = false;
        LaneSnapshot now = lane.snapshot();
        snapshot = now;
        gauge.set(
                now.queued() + intake.onDisk(),
                now.inFlight(),
                now.oldestMicros() == Long.MAX_VALUE ? LaneGauge.NONE : now.oldestMicros() / 1_000);
    }

    @Override
    public void attach(long round, Look look) {
        session.attacher().attach(address, look, new StreamAttacher.Answer() {
            @Override
            public void attached(StreamTail tail) {
                session.lookout().attached(address);
                input(() -> lane.attached(round, tail, System.nanoTime()));
            }

            @Override
            public void failed(Failure failure, boolean absent) {
                input(() -> lane.attachFailed(round, failure, absent, System.nanoTime()));
            }
        });
    }

    @Override
    public void publish(long round, Item item, long expectedLastSequence, Position position) {
        if (!session.mayAct()) {
            return; // the session is over: nothing is sent, and whoever leads now gets the event from the slot
        }
        Envelope envelope = Objects.requireNonNull(item.envelope());
        long sent = System.nanoTime();
        session.publisher()
                .publish(
                        envelope,
                        position,
                        expectedLastSequence,
                        outcome -> input(() -> answered(round, item, sent, outcome)));
    }

    private void answered(long round, Item item, long sent, PublishOutcome outcome) {
        long now = System.nanoTime();
        if (outcome instanceof PublishOutcome.Stored stored) {
            meters.publishSeconds(now - sent);
            lane.acknowledged(round, item, stored.sequence(), now);
        } else if (outcome instanceof PublishOutcome.Duplicate duplicate) {
            lane.duplicate(round, item, duplicate.sequence(), now);
        } else if (outcome instanceof PublishOutcome.Failed failed) {
            log.atDebug()
                    .addKeyValue("tenant", address.tenant())
                    .addKeyValue("eventId", item.event().id())
                    .addKeyValue("cause", failed.failure().cause())
                    .log("publish failed");
            lane.failed(round, item, failed.failure(), now);
        }
    }

    @Override
    public void settle(List<Item> items, How how) {
        if (how == How.IN_TABLE) {
            items.forEach(item -> session.settled(item.ticket()));
            return;
        }
        if (how == How.SKIPPED) {
            duplicates.add(items.size());
            meters.duplicate(items.size());
        } else if (how == How.DROPPED) {
            countDropped(items);
        } else {
            countPublished(items);
        }
        List<Settlement> rows = new ArrayList<>(items.size());
        for (Item item : items) {
            if (session.settleMode(item.event().row().table()) == SettleMode.KEEP) {
                session.release(item);
                session.settled(item.ticket());
            } else {
                // the item is not kept, nor its event
                Settlement row = new Settlement(item.event().row(), item.ticket());
                session.stored(item, row);
                rows.add(row);
            }
        }
        if (!rows.isEmpty()) {
            session.settler().add(rows);
        }
    }

    private void countPublished(List<Item> items) {
        published.add(items.size());
        meters.published(items.size());
        long now = session.nowMicros();
        for (Item item : items) {
            meters.endToEndSeconds((now - item.event().origin().committedAtMicros()) / 1e6);
            if (spans != null && item.envelope() != null) {
                spans.published(item.envelope(), item.sequence(), item.isLate(), now);
            }
        }
    }

    private void countDropped(List<Item> items) {
        meters.dropped(items.size());
        if (log.isDebugEnabled()) {
            items.forEach(item -> log.atDebug()
                    .addKeyValue("tenant", address.tenant())
                    .addKeyValue("eventId", item.event().id())
                    .addKeyValue("rule", item.droppedBy())
                    .log("dropped by a routing rule"));
        }
    }

    private void countDeadLetter(Item item, OutboxEvent event, Rejection rejection) {
        deadLettered.increment();
        if (spans != null) {
            spans.deadLettered(item.envelope(), event, address, rejection.reason(), session.nowMicros());
        }
        meters.deadLettered(rejection.reason().code());
        session.deadLetterLog().dead(event, rejection.reason(), rejection.error());
    }

    @Override
    public void deadLetter(Item item, Rejection rejection) {
        OutboxEvent event = item.event();
        session.deadLetters().add(new DeadLetter(event, rejection.reason(), rejection.error(), item.attempts(), () -> {
            countDeadLetter(item, event, rejection);
            session.release(item);
            session.settled(item.ticket());
            input(() -> lane.deadLettered(System.nanoTime()));
        }));
    }

    @Override
    public void park(List<Item> items, String why) {
        backlog.park(items, why);
    }

    @Override
    public void fetch(int atMost) {
        backlog.fetch(atMost);
    }

    @Override
    public void resolve(List<Item> items) {
        List<Item> dropped =
                items.stream().filter(item -> item.droppedBy() != null).toList();
        countDropped(dropped);
        countPublished(
                dropped.isEmpty()
                        ? items
                        : items.stream()
                                .filter(item -> item.droppedBy() == null)
                                .toList());
        backlog.resolve(items);
    }

    @Override
    public void bury(Item item, Rejection rejection) {
        backlog.bury(item, rejection, event -> countDeadLetter(item, event, rejection));
    }

    @Override
    public void reconcile(Set<EventId> inStream) {
        backlog.reconcile(inStream);
    }

    @Override
    public void release(Item item) {
        session.release(item);
    }

    @Override
    public void wakeAt(long nanos) {
        home.at(nanos, () -> now(() -> lane.woken(System.nanoTime())));
    }

    @Override
    public void notice(Notice notice, String text) {
        Failure trouble = lane.snapshot().trouble();
        String cause = notice == Notice.RETRY && trouble != null
                ? trouble.cause()
                : notice.name().toLowerCase(java.util.Locale.ROOT);
        session.meters().retry(cause);
        log.atWarn()
                .addKeyValue("tenant", address.tenant())
                .addKeyValue("stream", address.stream())
                .addKeyValue("cause", cause)
                .addKeyValue("detail", text)
                .log(
                        switch (notice) {
                            case PARKED -> "events are parked in outbox.dead_letter until the tenant recovers";
                            case RETRY -> "publishing paused, trying again";
                            case STREAM_LOST_TAIL ->
                                "the stream lost messages that it had acknowledged: publish them again from the outbox";
                            case FENCE_UNUSABLE ->
                                "nobody can tell which events are in the stream: some may be published twice";
                            case FOREIGN_MESSAGES -> "somebody else publishes into the stream: the tenant waits";
                        });
    }

    @Override
    public void stepDown(long term, String reason) {
        session.end(new SessionEnd.Outranked(term, reason));
    }

    @Override
    public void restart(boolean useFences, String reason) {
        session.end(new SessionEnd.Restart(useFences, reason));
    }
}
