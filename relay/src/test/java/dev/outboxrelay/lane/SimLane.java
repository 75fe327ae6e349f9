package dev.outboxrelay.lane;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Position;
import dev.outboxrelay.route.Address;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** A real lane in a simulated world, watched for what it must never ask for. */
final class SimLane implements LaneOutput {

    static final int MAX_ATTEMPTS = 4;

    final Address address;
    final Lane lane;
    final List<Long> wakes = new ArrayList<>();
    private final World world;
    private final SimSession session;
    private final int tenant;
    private final Fence fence;
    /** What arrived and is neither settled, skipped nor given to the dead letters, in order. */
    private final ArrayDeque<EventId> open = new ArrayDeque<>();

    private int openLetters;
    private boolean looked;

    SimLane(World world, SimSession session, int tenant, Fence fence) {
        this.world = world;
        this.session = session;
        this.tenant = tenant;
        this.fence = fence;
        this.address = world.addresses.get(tenant);
        this.lane = new Lane(address, limits(), fence, new SplittableRandom(tenant), this);
    }

    /** As the tenant's policy is now. */
    LaneLimits limits() {
        RetryPolicy retry = new RetryPolicy(Duration.ofMillis(10), Duration.ofMillis(100), MAX_ATTEMPTS);
        return new LaneLimits(
                world.window(tenant),
                world.rules.deadLetters(),
                retry,
                Duration.ofMillis(50),
                world.rules.parking() ? 5 : 1_000_000,
                1 << 30,
                world.rules.parking() ? Duration.ofMillis(60) : Duration.ofDays(1),
                world.rules.hold(),
                world.isPaused(tenant),
                world.rules.batching());
    }

    void arrived(Item item) {
        open.add(item.event().id());
    }

    /** Whether it could not look at its stream yet. */
    boolean isBlind() {
        return !looked;
    }

    void deadLettered() {
        openLetters--;
        if (session.isCurrent()) {
            lane.deadLettered(world.now);
        }
    }

    @Override
    public void park(List<Item> items, String why) {
        for (Item item : items) {
            if (!open.remove(item.event().id())) {
                world.violation(item.event().id() + " was parked after it was settled");
            }
        }
        session.toPark(items, this);
    }

    @Override
    public void fetch(int atMost) {
        session.request(() -> session.fetch(tenant, atMost, this));
    }

    @Override
    public void resolve(List<Item> items) {
        session.request(() -> {
            for (Item item : items) {
                if (item.droppedBy() == null) {
                    session.resolve(item.event().id());
                } else {
                    session.discard(item.event().id());
                }
            }
            input(() -> lane.resolved(world.now));
        });
    }

    @Override
    public void bury(Item item, Rejection rejection) {
        openLetters++;
        session.request(() -> {
            session.bury(item.event().id());
            deadLettered();
        });
    }

    @Override
    public void reconcile(Set<EventId> inStream) {
        session.request(() -> session.reconcile(tenant, inStream, this));
    }

    @Override
    public void attach(long round, Look look) {
        world.questions.add(new World.Question(
                tenant,
                look,
                tail -> input(() -> attached(round, look, tail)),
                failure -> input(() -> lane.attachFailed(round, failure, world.isAbsent(tenant, failure), world.now))));
    }

    private void attached(long round, Look look, StreamTail tail) {
        if (look.first()
                && tail.end() instanceof StreamTail.End.Own own
                && own.position().isPresent()
                && fence.decide(own.position().get(), own.pierced()) instanceof Fence.Decision.NothingComesAgain) {
            world.tally.confirmedFences++;
        }
        lane.streamTakesBatches(world.rules.batches());
        lane.attached(round, tail, world.now);
        looked |= lane.snapshot().phase() == Phase.STREAMING;
    }

    private void input(Runnable input) {
        if (session.isCurrent()) {
            input.run();
        }
    }

    private void checkSending(Item item) {
        if (openLetters > 0) {
            world.violation(item.event().id() + " was sent behind a dead letter that is not committed");
        }
        if (lane.inFlight() > world.window(tenant)) {
            world.violation("the window holds " + lane.inFlight());
        }
        if (world.isPaused(tenant)) {
            world.violation(item.event().id() + " was sent although the tenant is paused");
        }
    }

    @Override
    public void publishBatch(long round, List<Outgoing> batch, long expectedLastSequence) {
        String name = "batch " + world.nextBatch++;
        for (int i = 0; i < batch.size(); i++) {
            Item item = batch.get(i).item();
            checkSending(item);
            boolean last = i + 1 == batch.size();
            World.Flight flight = new World.Flight(
                    tenant,
                    item.event().id(),
                    batch.get(i).position(),
                    expectedLastSequence,
                    last ? answer -> input(() -> answered(round, batch, answer)) : null);
            flight.part = new SimStream.Part(name, i + 1, last);
            world.send(flight);
        }
    }

    private void answered(long round, List<Outgoing> batch, SimStream.Answer answer) {
        if (answer instanceof SimStream.Answer.BatchAck ack) {
            lane.batchStored(round, batch, ack.lastSequence(), ack.messages(), world.now);
        } else {
            lane.batchFailed(round, batch, ((SimStream.Answer.Refused) answer).failure(), world.now);
        }
    }

    @Override
    public void publish(long round, Item item, long expectedLastSequence, Position position) {
        checkSending(item);
        world.send(new World.Flight(
                tenant,
                item.event().id(),
                position,
                expectedLastSequence,
                answer -> input(() -> answered(round, item, answer))));
    }

    private void answered(long round, Item item, SimStream.Answer answer) {
        if (answer instanceof SimStream.Answer.Ack ack) {
            lane.acknowledged(round, item, ack.sequence(), world.now);
        } else if (answer instanceof SimStream.Answer.Duplicate duplicate) {
            lane.duplicate(round, item, duplicate.sequence(), world.now);
        } else {
            lane.failed(round, item, ((SimStream.Answer.Refused) answer).failure(), world.now);
        }
    }

    @Override
    public void settle(List<Item> items, How how) {
        for (Item item : items) {
            if (!open.remove(item.event().id())) {
                world.violation(item.event().id() + " was settled twice");
            }
            if (how == How.IN_TABLE) {
                session.settle(item.ticket());
            } else {
                session.toMark(item);
            }
        }
        if (how == How.DROPPED) {
            items.forEach(item -> world.row(item.event().id()).dropped = true);
            world.tally.dropped += items.size();
        }
        if (how == How.SKIPPED) {
            world.tally.skippedRuledOut +=
                    (int) items.stream().filter(Item::isRuledOut).count();
            world.tally.skipped += items.size();
        }
    }

    @Override
    public void deadLetter(Item item, Rejection rejection) {
        if (!open.remove(item.event().id())) {
            world.violation(item.event().id() + " became a dead letter after it was settled");
        }
        openLetters++;
        if (openLetters > world.rules.deadLetters()) {
            world.violation(openLetters + " dead letters in the making");
        }
        session.toDeadLetter(item, this);
    }

    @Override
    public void release(Item item) {
        // its payload is not held any more; the ticket stays open
    }

    @Override
    public void wakeAt(long nanos) {
        wakes.add(nanos);
        wakes.sort(null);
    }

    @Override
    public void notice(Notice notice, String text) {
        if (notice == Notice.STREAM_LOST_TAIL) {
            world.tally.lostTails++;
        } else if (notice == Notice.FENCE_UNUSABLE) {
            world.tally.unusableFences++;
        }
    }

    @Override
    public void stepDown(long term, String reason) {
        world.violation("stepped down although there is one leader: " + reason);
    }

    @Override
    public void restart(boolean useFences, String reason) {
        world.restart(useFences);
    }

    void checkEmpty() {
        if (!open.isEmpty() || lane.queued() > 0 || lane.inFlight() > 0) {
            world.violation("left over in the lane: " + open + " " + lane.snapshot());
        }
    }
}
