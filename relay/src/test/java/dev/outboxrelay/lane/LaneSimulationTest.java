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

    private static final int POISON_AND_TWO_GOOD = 104;

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
                .hasMessageContaining("reordered: ")
                .satisfies(Schedules::isShort);
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

    /**
     * What the chain cannot tell: a copy that was held up fits again when a dead letter has moved the numbers. Only the
     * server's memory of ids stands against it, so the duplicate window has to outlast what is held up.
     */
    @Test
    void a_copy_held_up_behind_a_dead_letter_is_caught_by_the_duplicate_window() {
        List<Step> steps = List.of(
                new Step(Kind.COMMIT, 3, POISON_AND_TWO_GOOD),
                new Step(Kind.RECEIVE, 2, 0),
                new Step(Kind.LOOK, 0, 0),
                new Step(Kind.ATTACHED, 0, 0),
                new Step(Kind.CUT, 0, 3),
                new Step(Kind.CONNECT, 0, 0),
                new Step(Kind.LOOK, 0, 0),
                new Step(Kind.ATTACHED, 0, 0),
                new Step(Kind.SERVE, 3, 0),
                new Step(Kind.ANSWER, 3, 0),
                new Step(Kind.LOOK, 0, 0),
                new Step(Kind.ATTACHED, 0, 0),
                new Step(Kind.DEAD_LETTER, 1, 0),
                new Step(Kind.SERVE, 2, 0),
                new Step(Kind.RELEASE, 3, 0));

        World remembering = World.run(new Rules(1, 3, 1, 1_000_000_000, Variant.DUPLICATE, Broken.NOTHING), steps);
        World forgetful = World.run(rules(3), steps);

        assertThat(remembering.violations()).isEmpty();
        assertThat(forgetful.violations()).singleElement().asString().startsWith("doubled: t0-2");
    }

    private static Rules rules(int window) {
        return new Rules(1, window, 1, 0, Variant.DUPLICATE, Broken.NOTHING);
    }
}
