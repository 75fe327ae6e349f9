package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.lane.Rules.Broken;
import dev.outboxrelay.lane.Step.Kind;
import org.junit.jupiter.api.Test;

/**
 * Random schedules of lanes that send atomic batches. A batch is many messages here too: any of them may be lost, late
 * or held up, and a server that begins to lead in their middle knows nothing of those before.
 */
final class BatchSimulationTest {

    @Test
    void batches_that_are_refused_lost_or_late_lose_double_and_reorder_nothing() {
        Tally tally = faulty(Broken.NOTHING).run(25_000);

        assertThat(tally.doubled + tally.reordered + tally.unusableFences).isZero();
        assertThat(tally.batches).isGreaterThan(1_000);
        assertThat(tally.batchesRefused).isPositive();
    }

    /** What was held up may hold a part of a batch, or the message that commits it. */
    @Test
    void batches_held_up_across_a_fail_over_lose_double_and_reorder_nothing() {
        Tally tally = faulty(Broken.NOTHING)
                .with(Kind.CUT, 4)
                .with(Kind.FREEZE, 4)
                .with(Kind.RELEASE, 6)
                .run(25_000);

        assertThat(tally.doubled + tally.reordered + tally.unusableFences).isZero();
    }

    @Test
    void crashes_beside_everything_else_lose_nothing() {
        Tally tally = crashing()
                .with(Kind.FOREIGN, 2)
                .with(Kind.PURGE, 1)
                .with(Kind.DELETE, 1)
                .with(Kind.CUT, 2)
                .with(Kind.FREEZE, 2)
                .with(Kind.RELEASE, 4)
                .run(40_000);

        assertThat(tally.wrongFences).isZero();
    }

    @Test
    void crashes_lose_double_and_reorder_nothing() {
        Tally tally = crashing().run(25_000);

        assertThat(tally.doubled + tally.reordered + tally.unusableFences + tally.wrongFences)
                .isZero();
        assertThat(tally.skipped).isPositive();
    }

    @Test
    void parking_operators_and_tenants_that_hold_keep_the_order() {
        Tally tally = crashing().withParking().withOperators().holding().run(10_000);

        assertThat(tally.doubled + tally.reordered).isZero();
        assertThat(tally.replayed).isPositive();
    }

    @Test
    void pausing_and_other_windows_lose_double_and_reorder_nothing() {
        Tally tally = crashing().withParking().withPolicies().run(10_000);

        assertThat(tally.doubled + tally.reordered + tally.unusableFences + tally.wrongFences)
                .isZero();
    }

    @Test
    void routing_rules_that_change_lose_nothing() {
        Tally tally = crashing().withRouting().run(10_000);

        assertThat(tally.doubled + tally.reordered).isZero();
        assertThat(tally.dropped).isPositive();
    }

    /** The lane looks what is there; that it is all or nothing is the server's promise, on which nothing rests here. */
    @Test
    void a_server_that_stores_half_a_batch_loses_doubles_and_reorders_nothing() {
        Tally tally = crashing()
                .withHalfBatches()
                .with(Kind.CUT, 2)
                .with(Kind.RELEASE, 4)
                .run(25_000);

        assertThat(tally.doubled + tally.reordered + tally.unusableFences).isZero();
        assertThat(tally.batches).isPositive();
    }

    @Test
    void without_the_expected_sequence_batches_are_reordered_or_doubled() {
        assertThatThrownBy(() -> faulty(Broken.CHAIN).run(2_000))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("violated: ")
                .satisfies(Schedules::isShort);
    }

    @Test
    void without_the_fence_they_are_doubled() {
        assertThatThrownBy(() -> new Schedules(2, Broken.FENCE)
                        .withNetworkFaults()
                        .withBatches()
                        .with(Kind.CRASH, 4)
                        .with(Kind.RUN, 4)
                        .run(2_000))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("doubled: ");
    }

    private static Schedules faulty(Broken broken) {
        return new Schedules(1, broken).withNetworkFaults().withBatches();
    }

    private static Schedules crashing() {
        return new Schedules(2, Broken.NOTHING)
                .withNetworkFaults()
                .withBatches()
                .with(Kind.RUN, 4)
                .with(Kind.PROCESSED, 4)
                .with(Kind.FLUSH, 4)
                .with(Kind.CRASH, 4)
                .with(Kind.POSTGRES_CRASH, 2);
    }
}
