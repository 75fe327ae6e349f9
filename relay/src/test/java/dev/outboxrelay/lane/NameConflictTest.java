package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.watermark.Ticket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A lane whose stream is another tenant's. */
final class NameConflictTest {

    private final RecordingOutput out = new RecordingOutput();
    private final Lane lane = out.lane(Naming.ENCODE, new RetryPolicy(Duration.ofMillis(10), Duration.ofMillis(10), 3));

    /** After a restart the dead letters of before come again. Whoever does not settle them holds the slot back. */
    @Test
    void what_comes_again_is_settled_although_there_is_no_stream_to_look_at() {
        Item again = again("dead-before");
        Item later = Items.item("new");
        Item last = again("dead-before-too");

        lane.connected(1 << 20, 0);
        lane.arrived(List.of(again, later, last), 0);
        lane.attachFailed(
                out.round, new Failure(Failure.Kind.NAME_CONFLICT, "tenant_name_conflict", "taken"), false, 0);

        assertThat(out.settled).containsExactly(again, last);
        assertThat(out.dead).containsExactly(later);
        assertThat(out.published).isEmpty();
        assertThat(out.parked).isEmpty();
        assertThat(lane.queued()).isZero();
    }

    @Test
    void so_is_what_comes_again_while_the_conflict_is_known() {
        Item again = again("dead-before");

        lane.connected(1 << 20, 0);
        lane.arrived(List.of(Items.item("new")), 0);
        lane.attachFailed(
                out.round, new Failure(Failure.Kind.NAME_CONFLICT, "tenant_name_conflict", "taken"), false, 0);
        lane.arrived(List.of(again), 0);

        assertThat(out.settled).containsExactly(again);
        assertThat(lane.queued()).isZero();
    }

    private static Item again(String id) {
        return Item.again(new Ticket(0), Items.item(id).event(), 0);
    }
}
