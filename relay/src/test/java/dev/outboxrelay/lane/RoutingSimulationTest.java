package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.lane.Rules.Broken;
import dev.outboxrelay.lane.Step.Kind;
import org.junit.jupiter.api.Test;

/**
 * Random schedules in which routing rules drop events and make dead letters, change at any time, and the relay dies
 * between any two steps: what was published under the old rules comes again under new ones.
 */
final class RoutingSimulationTest {

    @Test
    void rules_that_change_lose_double_and_reorder_nothing_and_break_no_fence() {
        Tally tally = crashing(Broken.NOTHING).run(10_000);

        assertThat(tally.doubled + tally.reordered + tally.unusableFences + tally.wrongFences)
                .isZero();
        assertThat(tally.dropped).isPositive();
        assertThat(tally.skippedRuledOut)
                .as("events that were published, or dropped before one that was, and that the rules now rule out")
                .isPositive();
    }

    @Test
    void where_nothing_is_held_up_on_its_way_a_server_that_forgets_ids_makes_no_difference() {
        Tally tally = new Schedules(2, Broken.NOTHING)
                .withRoutingAndNoMemory()
                .with(Kind.RUN, 4)
                .with(Kind.PROCESSED, 4)
                .with(Kind.FLUSH, 4)
                .with(Kind.CRASH, 5)
                .run(10_000);

        assertThat(tally.doubled + tally.reordered + tally.unusableFences + tally.wrongFences)
                .isZero();
        assertThat(tally.ruledOutTooLate).isZero();
        assertThat(tally.skippedRuledOut).isPositive();
    }

    @Test
    void the_same_with_parking_replays_and_discards() {
        Tally tally = crashing(Broken.NOTHING)
                .withParking()
                .with(Kind.TROUBLE, 3)
                .withOperators()
                .run(10_000);

        assertThat(tally.doubled + tally.reordered + tally.wrongFences).isZero();
        assertThat(tally.dropped).isPositive();
        assertThat(tally.skippedRuledOut).isPositive();
    }

    @Test
    void the_same_for_tenants_that_hold() {
        Tally tally = crashing(Broken.NOTHING)
                .withParking()
                .with(Kind.TROUBLE, 3)
                .withOperators()
                .holding()
                .run(10_000);

        assertThat(tally.doubled + tally.reordered + tally.wrongFences).isZero();
    }

    @Test
    void beside_everything_else_nothing_is_lost() {
        Tally tally = crashing(Broken.NOTHING)
                .with(Kind.FOREIGN, 1)
                .with(Kind.PURGE, 1)
                .with(Kind.DELETE, 1)
                .with(Kind.CUT, 2)
                .with(Kind.FREEZE, 2)
                .with(Kind.RELEASE, 4)
                .run(10_000);

        assertThat(tally.wrongFences).isZero();
    }

    @Test
    void if_a_ruled_out_event_counted_as_one_that_was_never_published_it_would_be_a_dead_letter_too() {
        assertThatThrownBy(() -> crashing(Broken.RULED_OUT).run(5_000))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("is in its stream and a dead letter");
    }

    private static Schedules crashing(Broken broken) {
        return new Schedules(2, broken)
                .withRouting()
                .withNetworkFaults()
                .with(Kind.RUN, 4)
                .with(Kind.PROCESSED, 4)
                .with(Kind.FLUSH, 4)
                .with(Kind.CRASH, 4)
                .with(Kind.POSTGRES_CRASH, 2);
    }
}
