package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.route.Envelope;
import dev.outboxrelay.watermark.Watermark;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a lane does while its tenant is paused, and with other bounds. */
final class PausedTest {

    private static final RetryPolicy RETRY = new RetryPolicy(Duration.ofMillis(10), Duration.ofMillis(100), 4);
    private static final StreamTail EMPTY = new StreamTail(0, new StreamTail.End.Empty(), Optional.empty(), Set.of());

    private final RecordingOutput out = new RecordingOutput();
    private final Watermark watermark = new Watermark();
    private final Lane lane = out.lane(Naming.STRICT, RETRY);
    private int made;

    private static LaneLimits limits(int window, boolean paused) {
        return new LaneLimits(
                window, 10, RETRY, Duration.ofSeconds(30), 100, 1 << 20, Duration.ofSeconds(30), false, paused);
    }

    private static long seconds(long seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }

    private Item event() {
        String id = "00000000-0000-4000-8000-00000000000" + made++;
        OutboxEvent event = new OutboxEvent(
                new EventId(id),
                new RowRef(TableName.OUTBOX_MESSAGE, id),
                "acme",
                "s",
                null,
                Payload.EMPTY,
                new Origin(new Lsn(10), new Lsn(5), 0));
        Address address = Address.of("acme", Naming.STRICT).orElseThrow();
        return Item.deliverable(watermark.issue(), new Envelope(event, address, "tenant.acme.s", List.of()));
    }

    private void attachIfAsked(long now) {
        if (out.asked) {
            out.asked = false;
            lane.attached(out.round, EMPTY, now);
        }
    }

    @Test
    void what_comes_for_a_paused_tenant_is_parked_soon_and_nothing_is_sent() {
        lane.limits(limits(10, true), 0);
        lane.connected(1 << 20, 0);
        lane.caughtUp();
        lane.arrived(List.of(event(), event()), 0);
        attachIfAsked(0);

        lane.woken(seconds(1));

        assertThat(out.published).isEmpty();
        assertThat(out.parked).hasSize(1);
        assertThat(out.parked.get(0)).hasSize(2);
        assertThat(lane.snapshot().word()).isEqualTo("paused");
    }

    @Test
    void a_paused_tenant_without_a_stream_is_parked_and_its_stream_not_asked_for_again() {
        lane.limits(limits(10, true), 0);
        lane.connected(1 << 20, 0);
        lane.caughtUp();
        lane.arrived(List.of(event()), 0);
        out.asked = false;
        lane.attachFailed(out.round, new Failure(Failure.Kind.TENANT_TROUBLE, "paused", "paused"), true, 0);

        lane.woken(seconds(1));
        lane.woken(seconds(9));

        assertThat(out.parked).hasSize(1);
        assertThat(out.asked).isFalse();

        lane.limits(limits(10, false), seconds(10));

        assertThat(out.asked).isTrue();
    }

    @Test
    void what_was_in_flight_when_the_tenant_was_paused_is_settled_before_the_rest_is_parked() {
        lane.connected(1 << 20, 0);
        lane.caughtUp();
        Item first = event();
        lane.arrived(List.of(first), 0);
        attachIfAsked(0);
        lane.limits(limits(10, true), 0);
        lane.arrived(List.of(event()), 0);
        lane.woken(seconds(2));
        assertThat(out.parked).isEmpty();

        lane.acknowledged(out.round, first, 1, seconds(3));

        assertThat(out.settled).containsExactly(first);
        assertThat(out.parked).hasSize(1);
    }

    @Test
    void a_smaller_window_waits_for_what_is_in_flight() {
        lane.connected(1 << 20, 0);
        lane.caughtUp();
        List<Item> items = List.of(event(), event(), event(), event());
        lane.arrived(items.subList(0, 3), 0);
        attachIfAsked(0);
        assertThat(out.published).hasSize(3);

        lane.limits(limits(1, false), 0);
        lane.arrived(items.subList(3, 4), 0);
        lane.acknowledged(out.round, items.get(0), 1, 1);
        lane.acknowledged(out.round, items.get(1), 2, 2);
        assertThat(out.published).hasSize(3);
        lane.acknowledged(out.round, items.get(2), 3, 3);

        assertThat(out.published).hasSize(4);
        assertThat(items.get(3).expectedSequence()).isEqualTo(3);
    }
}
