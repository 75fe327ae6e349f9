package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.lane.Rules.Broken;
import dev.outboxrelay.lane.Rules.Variant;
import dev.outboxrelay.lane.Step.Kind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Random schedules in which the relay or PostgreSQL dies between any two steps, the server's memory of ids short. */
final class FenceSimulationTest {

    @Test
    void crashes_lose_double_and_reorder_nothing() {
        Tally tally = crashing(2, Broken.NOTHING).run(40_000);

        assertThat(tally.doubled + tally.reordered + tally.unusableFences).isZero();
        assertThat(tally.skipped)
                .as("events that came again and were in the stream")
                .isPositive();
        assertThat(tally.confirmedFences).as("events that did not come again").isPositive();
    }

    @Test
    void a_crash_at_any_step_of_an_ordinary_run_loses_doubles_and_reorders_nothing() {
        List<Step> ordinary = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            // four rows, among them now and then one that becomes a dead letter
            ordinary.add(new Step(Kind.COMMIT, 4, 239_108 + 7 * i));
            ordinary.add(new Step(Kind.MESSAGE, 0, 0));
            ordinary.add(new Step(Kind.RECEIVE, 3, 0));
            for (Kind kind : List.of(
                    Kind.LOOK,
                    Kind.ATTACHED,
                    Kind.SERVE,
                    Kind.ANSWER,
                    Kind.DEAD_LETTER,
                    Kind.SERVE,
                    Kind.ANSWER,
                    Kind.MARK,
                    Kind.SERVE,
                    Kind.ANSWER,
                    Kind.MARK,
                    Kind.PROCESSED,
                    Kind.FLUSH)) {
                ordinary.add(new Step(kind, 1, 0));
            }
        }
        for (int at = 0; at <= ordinary.size(); at++) {
            for (int processed = 0; processed < 4; processed++) {
                for (int second = at; second <= ordinary.size(); second += 5) {
                    List<Step> steps = new ArrayList<>(ordinary);
                    steps.add(second, new Step(Kind.CRASH, 4 - processed, 0));
                    steps.add(at, new Step(Kind.CRASH, processed, processed & 1));
                    assertThat(World.run(rules(3), steps).violations())
                            .as("crashes in %s", steps)
                            .isEmpty();
                }
            }
        }
    }

    @Test
    void a_leader_that_wakes_up_late_doubles_and_reorders_nothing() {
        Tally tally = new Schedules(1, Broken.NOTHING)
                .withNetworkFaults()
                .with(Kind.FREEZE, 4)
                .with(Kind.RELEASE, 4)
                .run(25_000);

        assertThat(tally.doubled + tally.reordered + tally.unusableFences).isZero();
    }

    @Test
    void crashes_beside_everything_else_lose_nothing() {
        Tally tally = crashing(2, Broken.NOTHING)
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
    void promotions_of_a_standby_lose_double_and_reorder_nothing() {
        Tally tally = crashing(2, Broken.NOTHING).with(Kind.PROMOTE, 3).run(10_000);

        assertThat(tally.doubled + tally.reordered + tally.unusableFences).isZero();
        assertThat(tally.skipped).isPositive();
    }

    @Test
    void another_system_or_slot_costs_duplicates_at_most() {
        Tally tally = crashing(2, Broken.NOTHING)
                .with(Kind.NEW_SYSTEM, 1)
                .with(Kind.NEW_SLOT, 1)
                .run(10_000);

        assertThat(tally.unusableFences).isPositive();
        assertThat(tally.doubled).isPositive();
        assertThat(tally.reordered).isZero();
    }

    @Test
    void a_database_restored_to_an_earlier_moment_is_noticed_and_loses_nothing() {
        Tally tally = crashing(2, Broken.NOTHING).with(Kind.RESTORE, 2).run(20_000);

        assertThat(tally.wrongFences).isPositive();
    }

    @Test
    void without_the_fence_events_are_doubled() {
        assertThatThrownBy(() -> crashing(2, Broken.FENCE).run(2_000))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("doubled: ")
                .satisfies(Schedules::isShort);
    }

    @Test
    void without_a_contiguous_watermark_events_are_lost() {
        assertThatThrownBy(() -> crashing(2, Broken.WATERMARK).run(20_000))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("lost: ")
                .satisfies(Schedules::isShort);
    }

    @Test
    void an_event_whose_place_was_taken_is_not_skipped_by_the_next_start() {
        World world = World.run(
                rules(5),
                List.of(
                        new Step(Kind.COMMIT, 3, 0),
                        new Step(Kind.RECEIVE, 2, 0),
                        new Step(Kind.LOOK, 0, 0),
                        new Step(Kind.FOREIGN, 0, 2),
                        new Step(Kind.ATTACHED, 0, 0),
                        new Step(Kind.CRASH, 3, 0)));

        assertThat(world.violations()).isEmpty();
        assertThat(world.tally.unusableFences).isEqualTo(1);
    }

    private static Rules rules(int window) {
        return new Rules(1, window, 3, 0, Variant.DUPLICATE, Broken.NOTHING);
    }

    private static Schedules crashing(int tenants, Broken broken) {
        return new Schedules(tenants, broken)
                .withNetworkFaults()
                .with(Kind.RUN, 4)
                .with(Kind.PROCESSED, 4)
                .with(Kind.FLUSH, 4)
                .with(Kind.CRASH, 4)
                .with(Kind.POSTGRES_CRASH, 2);
    }
}
