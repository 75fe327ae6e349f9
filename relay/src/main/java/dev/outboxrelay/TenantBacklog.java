package dev.outboxrelay;

import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.lane.Item;
import dev.outboxrelay.lane.Lane;
import dev.outboxrelay.lane.Rejection;
import dev.outboxrelay.route.Routed;
import dev.outboxrelay.route.Router;
import dev.outboxrelay.settle.BacklogRow;
import dev.outboxrelay.settle.Parking;
import dev.outboxrelay.telemetry.LaneGauge;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What one lane wants of the table of dead letters: carries it out at the edges and posts the answers to the lane.
 *
 * <p>Called on the lane's thread; answers come from the edges' threads.
 */
final class TenantBacklog {

    /** Bytes of one batch; a single larger event comes alone. */
    private static final long BATCH_BYTES = 2L << 20;

    private final String tenant;
    private final Session session;
    private final Router router;
    private final LaneGauge gauge;
    /** Posts an input to the lane. */
    private final Consumer<Consumer<Lane>> post;
    /** The batch that the lane has, by its items. */
    private final Map<Item, BacklogRow> batch = new HashMap<>();

    private final AtomicInteger arrived = new AtomicInteger();
    private final AtomicLong parked = new AtomicLong();

    TenantBacklog(String tenant, Session session, Router router, LaneGauge gauge, Consumer<Consumer<Lane>> post) {
        this.tenant = tenant;
        this.session = session;
        this.router = router;
        this.gauge = gauge;
        this.post = post;
    }

    /** How many events the table held when this session began. */
    void found(long events) {
        count(events);
    }

    /** How many of the tenant's events wait in the table. Any thread. */
    long parked() {
        return Math.max(0, parked.get());
    }

    private void count(long change) {
        gauge.parked(parked.addAndGet(change));
    }

    void park(List<Item> items, String why) {
        session.parkWriter()
                .add(items.stream()
                        .map(item -> new Parking(item.event(), why, malformed(item), () -> isParked(item)))
                        .toList());
    }

    /** What no later judgement of the event could find: its row could not be read as one. */
    private static @Nullable String malformed(Item item) {
        Rejection rejection = item.rejection();
        return rejection != null && rejection.reason() == Reason.MALFORMED_ROW ? rejection.error() : null;
    }

    private void isParked(Item item) {
        count(1);
        session.release(item);
        session.settled(item.ticket());
        if (arrived.getAndIncrement() == 0) {
            post.accept(lane -> lane.parked(arrived.getAndSet(0), System.nanoTime()));
        }
    }

    void fetch(int atMost) {
        batch.clear(); // of an earlier batch the table knows everything
        session.drainPace()
                .ask(() -> session.backlog().fetch(tenant, atMost, BATCH_BYTES, fetched -> {
                    session.drainPace().fetched(fetched.rows().size());
                    post.accept(lane -> lane.fetched(
                            fetched.rows().stream().map(this::item).toList(), fetched.held(), System.nanoTime()));
                }));
    }

    private Item item(BacklogRow row) {
        String malformed = row.malformed();
        Item item = malformed == null
                ? late(row, router.route(new Decoded.Event(row.event())))
                : Item.lateRejected(row.seq(), row.event(), new Rejection(Reason.MALFORMED_ROW, malformed));
        batch.put(item, row);
        return item;
    }

    private static Item late(BacklogRow row, Routed routed) {
        if (routed instanceof Routed.Deliverable deliverable) {
            return Item.late(row.seq(), deliverable.envelope());
        }
        if (routed instanceof Routed.Unroutable unroutable) {
            return Item.lateRejected(row.seq(), row.event(), new Rejection(unroutable.reason(), unroutable.error()));
        }
        if (routed instanceof Routed.RuledOut ruledOut) {
            return Item.lateRejected(row.seq(), row.event(), new Rejection(ruledOut.reason(), ruledOut.error(), true));
        }
        if (routed instanceof Routed.Dropped dropped) {
            return Item.lateDropped(row.seq(), row.event(), dropped.rule());
        }
        Routed.Homeless homeless = (Routed.Homeless) routed;
        return Item.lateRejected(row.seq(), row.event(), new Rejection(homeless.reason(), homeless.error()));
    }

    void resolve(List<Item> items) {
        Map<BacklogRow, String> dropped = new HashMap<>();
        List<BacklogRow> stored = new ArrayList<>();
        for (Item item : items) {
            String rule = item.droppedBy();
            if (rule == null) {
                stored.add(row(item));
            } else {
                dropped.put(row(item), "dropped by routing rule '" + rule + "'");
            }
        }
        session.backlog().resolve(stored, dropped, () -> {
            count(-items.size());
            post.accept(lane -> lane.resolved(System.nanoTime()));
        });
    }

    /** @param buried called on the edge's thread once it is a dead letter again */
    void bury(Item item, Rejection rejection, Consumer<OutboxEvent> buried) {
        session.backlog().bury(row(item), rejection.reason(), rejection.error(), item.attempts(), () -> {
            count(-1);
            buried.accept(item.event());
            post.accept(lane -> lane.deadLettered(System.nanoTime()));
        });
    }

    void reconcile(Set<EventId> inStream) {
        session.backlog().reconcile(tenant, inStream, null, reconciled -> {
            count(-reconciled.resolved());
            post.accept(lane -> lane.reconciled(System.nanoTime()));
        });
    }

    private BacklogRow row(Item item) {
        BacklogRow row = batch.get(item);
        if (row == null) {
            throw new IllegalStateException(item + " is not of this batch: "
                    + batch.keySet().stream().map(Item::toString).collect(Collectors.joining(", ")));
        }
        return row;
    }
}
