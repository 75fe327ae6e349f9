package dev.outboxrelay.lane;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Position;
import dev.outboxrelay.event.SlotIdentity;
import dev.outboxrelay.route.Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** Notes what a lane wants, and does nothing. */
final class RecordingOutput implements LaneOutput {

    final List<Item> published = new ArrayList<>();
    final List<List<Outgoing>> sent = new ArrayList<>();
    final List<Item> settled = new ArrayList<>();
    final List<Item> dead = new ArrayList<>();
    final List<List<Item>> parked = new ArrayList<>();
    final List<Item> released = new ArrayList<>();

    /** The round of the last wish to look at the stream. */
    long round;

    /** Whether that wish is still to be answered; whoever answers it says so. */
    boolean asked;

    /** A lane of tenant {@code acme} that tells it what it wants, with room for a hundred events. */
    Lane lane(Naming naming, RetryPolicy retry) {
        return lane(naming, retry, Batching.NONE);
    }

    /** The same, and its stream may take batches. */
    Lane lane(Naming naming, RetryPolicy retry, Batching batching) {
        return new Lane(
                Address.of("acme", naming).orElseThrow(),
                new LaneLimits(
                        10,
                        10,
                        retry,
                        Duration.ofSeconds(30),
                        100,
                        1 << 20,
                        Duration.ofSeconds(30),
                        false,
                        false,
                        batching),
                new Fence(1, new SlotIdentity(7, 1, "slot"), new Lsn(1), true),
                new SplittableRandom(1),
                this);
    }

    @Override
    public void attach(long inRound, Look look) {
        round = inRound;
        asked = true;
    }

    @Override
    public void publish(long inRound, Item item, long expectedLastSequence, Position position) {
        published.add(item);
    }

    @Override
    public void publishBatch(long inRound, List<Outgoing> batch, long expectedLastSequence) {
        sent.add(batch);
    }

    @Override
    public void settle(List<Item> items, How how) {
        settled.addAll(items);
    }

    @Override
    public void deadLetter(Item item, Rejection rejection) {
        dead.add(item);
    }

    @Override
    public void park(List<Item> items, String why) {
        parked.add(List.copyOf(items));
    }

    @Override
    public void fetch(int atMost) {}

    @Override
    public void resolve(List<Item> items) {}

    @Override
    public void bury(Item item, Rejection rejection) {}

    @Override
    public void reconcile(Set<EventId> inStream) {}

    @Override
    public void release(Item item) {
        released.add(item);
    }

    @Override
    public void wakeAt(long nanos) {}

    @Override
    public void notice(Notice notice, String text) {}

    @Override
    public void restart(boolean useFences, String reason) {
        throw new AssertionError(reason);
    }

    @Override
    public void stepDown(long term, String reason) {
        throw new AssertionError(reason);
    }
}
