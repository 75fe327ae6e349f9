package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.lane.Rules.Broken;
import dev.outboxrelay.lane.Step.Kind;
import org.junit.jupiter.api.Test;

/**
 * Random schedules in which lanes park what waits and send it later, operators replay and discard dead letters, and the
 * relay dies between any two steps.
 */
final class ParkingSimulationTest {

    @Test
    void parked_events_go_out_first_in_order_and_once() {
        Tally tally = new Schedules(1, Broken.NOTHING)
                .withNetworkFaults()
                .withParking()
                .with(Kind.TROUBLE, 4)
                .run(10_000);

        assertThat(tally.doubled + tally.reordered + tally.unusableFences).isZero();
        assertThat(tally.parked).isPositive();
    }

    @Test
    void crashes_between_parking_sending_and_resolving_lose_double_and_reorder_nothing() {
        Tally tally = crashing(2).run(15_000);

        assertThat(tally.doubled + tally.reordered + tally.unusableFences + tally.wrongFences)
                .isZero();
        assertThat(tally.reconciled)
                .as("events that were in the stream while the table said parked")
                .isPositive();
    }

    @Test
    void replays_and_discards_under_fire_lose_and_double_nothing() {
        Tally tally = crashing(2).withOperators().run(10_000);

        assertThat(tally.doubled + tally.reordered).isZero();
        assertThat(tally.replayed).isPositive();
    }

    @Test
    void tenants_that_hold_keep_the_order_across_their_dead_letters() {
        Tally tally = crashing(2).withOperators().holding().run(10_000);

        assertThat(tally.doubled + tally.reordered).isZero();
        assertThat(tally.replayed).isPositive();
    }

    @Test
    void everything_at_once_loses_nothing() {
        Tally tally = crashing(2)
                .withOperators()
                .with(Kind.FOREIGN, 1)
                .with(Kind.PURGE, 1)
                .with(Kind.DELETE, 1)
                .run(10_000);

        assertThat(tally.wrongFences).isZero();
    }

    @Test
    void parking_before_anybody_could_look_doubles_at_most() {
        Tally tally = crashing(2).with(Kind.PARK_BLINDLY, 3).run(10_000);

        assertThat(tally.reordered + tally.wrongFences).isZero();
        assertThat(tally.doubled).isPositive();
    }

    @Test
    void pausing_resuming_and_other_windows_lose_double_and_reorder_nothing() {
        Tally tally = crashing(2).withPolicies().run(15_000);

        assertThat(tally.doubled + tally.reordered + tally.unusableFences + tally.wrongFences)
                .isZero();
        assertThat(tally.parked).isPositive();
    }

    @Test
    void pausing_beside_operators_and_tenants_that_hold_keeps_the_order() {
        Tally tally = crashing(2).withPolicies().withOperators().holding().run(10_000);

        assertThat(tally.doubled + tally.reordered).isZero();
        assertThat(tally.replayed).isPositive();
    }

    @Test
    void without_comparing_parked_events_with_the_stream_some_are_doubled() {
        assertThatThrownBy(() -> crashing(2, Broken.RECONCILE).run(10_000))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("doubled: ");
    }

    private static Schedules crashing(int tenants) {
        return crashing(tenants, Broken.NOTHING);
    }

    private static Schedules crashing(int tenants, Broken broken) {
        return new Schedules(tenants, broken)
                .withNetworkFaults()
                .withParking()
                .with(Kind.TROUBLE, 3)
                .with(Kind.RUN, 4)
                .with(Kind.PROCESSED, 4)
                .with(Kind.FLUSH, 4)
                .with(Kind.CRASH, 4)
                .with(Kind.POSTGRES_CRASH, 2);
    }
}
