package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Naming;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** When a lane parks, and when it does not. */
final class PatienceTest {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final Failure FULL = new Failure(Failure.Kind.TENANT_TROUBLE, "10077", "maximum messages exceeded");
    private static final Failure TOO_LARGE = new Failure(Failure.Kind.POISON, "10054", "message size exceeds maximum");

    private final RecordingOutput out = new RecordingOutput();
    private final Lane lane =
            out.lane(Naming.STRICT, new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(2), 3));

    /** Time passes, and every look at the stream fails. */
    private void troubled(long from, long to) {
        for (long now = from; now <= to; now += SECOND / 10) {
            lane.woken(now);
            if (out.asked) {
                out.asked = false;
                lane.attachFailed(out.round, FULL, true, now);
            }
        }
    }

    @Test
    void what_comes_behind_parked_events_of_a_tenant_in_trouble_is_parked_within_two_seconds() {
        Item first = Items.item("first");
        Item second = Items.item("second");

        lane.connected(1 << 20, 0);
        lane.caughtUp();
        lane.arrived(List.of(first), 0);
        troubled(0, 29 * SECOND);
        assertThat(out.parked).as("half a minute is not over").isEmpty();
        troubled(29 * SECOND, 31 * SECOND);
        assertThat(out.parked).containsExactly(List.of(first));

        lane.parked(1, 31 * SECOND);
        lane.arrived(List.of(second), 31 * SECOND);
        troubled(31 * SECOND, 33 * SECOND);

        assertThat(out.parked).containsExactly(List.of(first), List.of(second));
    }

    @Test
    void a_stream_that_refuses_every_single_message_is_no_reason_to_park() {
        int events = 90;
        lane.connected(1 << 20, 0);
        lane.caughtUp();
        for (int i = 0; i < events; i++) {
            long now = i * SECOND;
            lane.arrived(List.of(Items.item("e" + i)), now);
            lane.woken(now);
            look(now);
            Item sent = out.published.get(out.published.size() - 1);
            lane.failed(out.round, sent, TOO_LARGE, now);
            // pauses included, the refusal is decided before the next one comes
            for (long later = now; later < now + SECOND; later += SECOND / 10) {
                lane.woken(later);
                look(later);
            }
            assertThat(out.dead).hasSize(i + 1);
            lane.deadLettered(now + SECOND - 1);
        }

        assertThat(out.parked).isEmpty();
    }

    /** More events than the lane has room for, behind a stream that nobody can look at. */
    private void unseen(long until) {
        lane.connected(1 << 20, 0);
        List<Item> many = new ArrayList<>();
        for (int i = 0; i < 101; i++) {
            many.add(Items.item("e" + i));
        }
        lane.arrived(many, 0);
        for (long now = 0; now <= until; now += SECOND / 10) {
            lane.woken(now);
        }
    }

    @Test
    void what_nobody_can_look_up_is_left_to_the_WAL_after_half_a_minute() {
        unseen(29 * SECOND);
        assertThat(out.released).isEmpty();

        lane.woken(31 * SECOND);

        assertThat(out.released).hasSize(101);
    }

    @Test
    void after_sessions_that_ended_in_vain_it_is_kept_for_longer_and_published_when_the_stream_is_seen() {
        lane.forbear(120 * SECOND);
        unseen(119 * SECOND);
        assertThat(out.released).isEmpty();

        look(119 * SECOND);

        assertThat(out.published).isNotEmpty();
        assertThat(out.released).isEmpty();
    }

    /** The stream is there and empty. */
    private void look(long now) {
        if (out.asked) {
            out.asked = false;
            lane.attached(out.round, StreamTail.of(0, new StreamTail.End.Empty()), now);
        }
    }
}
