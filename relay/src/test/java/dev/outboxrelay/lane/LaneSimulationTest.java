package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.lane.Rules.Broken;
import dev.outboxrelay.lane.Rules.Variant;
import dev.outboxrelay.lane.Step.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Random schedules of everything that can happen between a lane and its stream while the relay lives.
 *
 * <p>Each schedule comes from its own seed; the system properties {@code simulation.seed} and {@code simulation.count}
 * say where to begin and how many to run. One that fails is made short and printed.
 */
final class LaneSimulationTest {

    @Test
    void faults_of_the_network_lose_double_and_reorder_nothing() {
        Tally tally = new Schedules(1, Broken.NOTHING).withNetworkFaults().run(40_000);

        assertThat(tally.doubled + tally.reordered + tally.restarts + tally.unusableFences)
                .isZero();
        assertThat(tally.deadLetters).isPositive();
    }

    @Test
    void publishes_that_a_cluster_holds_up_lose_double_and_reorder_nothing() {
        Tally tally = new Schedules(1, Broken.NOTHING)
                .withNetworkFaults()
                .with(Kind.CUT, 4)
                .with(Kind.RELEASE, 4)
                .run(25_000);

        assertThat(tally.doubled + tally.reordered + tally.unusableFences).isZero();
    }

    @Test
    void messages_of_somebody_else_cost_no_event() {
        Tally tally = new Schedules(1, Broken.NOTHING)
                .withNetworkFaults()
                .with(Kind.FOREIGN, 3)
                .run(25_000);

        assertThat(tally.restarts).isZero();
        assertThat(tally.reordered)
                .as("an event that lost its place goes out behind later ones")
                .isPositive();
    }

    @Test
    void streams_that_are_purged_or_deleted_cost_no_event() {
        Tally tally = new Schedules(1, Broken.NOTHING)
                .withNetworkFaults()
                .with(Kind.PURGE, 2)
                .with(Kind.DELETE, 1)
                .run(25_000);

        assertThat(tally.restarts + tally.reordered).isZero();
        assertThat(tally.lostTails).isPositive();
    }

    @Test
    void without_the_expected_sequence_events_are_reordered() {
        assertThatThrownBy(
                        () -> new Schedules(1, Broken.CHAIN).withNetworkFaults().run(1_000))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("reordered: ");
    }

    @Test
    void a_message_of_somebody_else_in_the_place_of_an_event_is_not_taken_for_it() {
        World world = World.run(
                rules(5),
                List.of(
                        new Step(Kind.COMMIT, 2, 0),
                        new Step(Kind.RECEIVE, 2, 0),
                        new Step(Kind.LOOK, 0, 0),
                        new Step(Kind.FOREIGN, 0, 1),
                        new Step(Kind.ATTACHED, 0, 0)));

        assertThat(world.violations()).isEmpty();
        assertThat(world.streams.get(0).log).extracting(m -> m.id() == null).containsExactly(true, false, false);
    }

    @Test
    void messages_of_somebody_else_that_are_purged_are_not_counted_as_events() {
        World world = World.run(
                rules(5),
                List.of(
                        new Step(Kind.COMMIT, 2, 0),
                        new Step(Kind.RECEIVE, 2, 0),
                        new Step(Kind.LOOK, 0, 0),
                        new Step(Kind.FOREIGN, 0, 2),
                        new Step(Kind.ATTACHED, 0, 0),
                        new Step(Kind.SERVE, 1, 0),
                        new Step(Kind.PURGE, 0, 0)));

        assertThat(world.violations()).isEmpty();
    }

    private static Rules rules(int window) {
        return new Rules(1, window, 1, 0, Variant.DUPLICATE, Broken.NOTHING);
    }
}
