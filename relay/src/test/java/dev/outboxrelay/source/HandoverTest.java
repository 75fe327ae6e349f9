package dev.outboxrelay.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.decode.Change;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.TableName;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class HandoverTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final Handover handover = new Handover(2_000, 3);

    private static Batch batch(long bytes) {
        Batch batch = new Batch();
        batch.row(
                new Change.Inserted(TableName.OUTBOX_MESSAGE, new Origin(Lsn.NONE, Lsn.NONE, 0), name -> null), bytes);
        return batch;
    }

    @Test
    void batches_come_out_in_the_order_in_which_they_went_in() throws Exception {
        Batch first = batch(1);
        Batch second = batch(1);
        handover.offer(first, Duration.ZERO);
        handover.offer(second, Duration.ZERO);

        assertThat(handover.isEmpty()).isFalse();
        assertThat(handover.take(Duration.ZERO)).isSameAs(first);
        assertThat(handover.take(Duration.ZERO)).isSameAs(second);
        assertThat(handover.isEmpty()).isTrue();
        assertThat(handover.take(Duration.ZERO)).isNull();
    }

    @Test
    void a_batch_waits_outside_while_there_is_no_room_for_its_bytes() throws Exception {
        assertThat(handover.offer(batch(1_000), Duration.ZERO)).isTrue();
        assertThat(handover.offer(batch(1_000), Duration.ofMillis(1))).isFalse();

        handover.take(Duration.ZERO);

        assertThat(handover.offer(batch(1_000), Duration.ZERO)).isTrue();
    }

    @Test
    void a_batch_waits_outside_while_there_are_too_many_changes_inside() throws Exception {
        for (int i = 0; i < 3; i++) {
            assertThat(handover.offer(batch(1), Duration.ZERO)).isTrue();
        }

        assertThat(handover.offer(batch(1), Duration.ofMillis(1))).isFalse();
    }

    @Test
    void a_batch_larger_than_the_bound_goes_in_alone() throws Exception {
        assertThat(handover.offer(batch(1 << 20), Duration.ZERO)).isTrue();
        assertThat(handover.offer(batch(1), Duration.ofMillis(1))).isFalse();
    }

    @Test
    void whoever_waits_for_room_goes_on_as_soon_as_there_is_some() throws Exception {
        handover.offer(batch(1_900), Duration.ZERO);
        CompletableFuture<Boolean> offered = CompletableFuture.supplyAsync(() -> {
            try {
                return handover.offer(batch(1_900), LONG);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });

        handover.take(Duration.ZERO);

        assertThat(offered.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void whoever_waits_for_a_batch_goes_on_when_none_will_come_any_more() throws Exception {
        Batch last = batch(1);
        handover.offer(last, Duration.ZERO);
        CompletableFuture<Boolean> ended = CompletableFuture.supplyAsync(() -> {
            try {
                return handover.take(LONG) == last && handover.take(LONG) == null;
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });

        handover.fail();

        assertThat(ended.get(10, TimeUnit.SECONDS)).isTrue();
    }
}
