package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.lane.Step.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * NATS is away for an hour while events go on coming; time is simulated. No time and no attempt makes an outage poison.
 */
final class OutageSimulationTest {

    private static final int TENANTS = 3;
    private static final int MINUTES = 60;
    private static final int MINUTE = 60_000;
    private static final int SCHEDULES = 500;

    /** With parking, what waits longer than 60 ms for its stream alone is parked; waiting for NATS is not that. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void an_hour_without_nats_ends_with_every_event_in_its_stream_in_order(boolean parking) {
        for (int seed = 0; seed < SCHEDULES; seed++) {
            RandomGenerator random = new SplittableRandom(seed);
            List<Step> steps = new ArrayList<>();
            int events = hour(steps, random);
            Rules rules = new Rules(
                    TENANTS,
                    1 + random.nextInt(6),
                    2,
                    20_000_000,
                    List.of(Rules.Variant.values()).get(random.nextInt(3)),
                    parking,
                    false,
                    false,
                    seed % 2 == 1,
                    false,
                    Rules.Broken.NOTHING);

            World world = World.run(rules, steps);

            assertThat(world.violations()).as("seed " + seed).isEmpty();
            assertThat(world.tally.deadLetters).as("dead letters, seed " + seed).isZero();
            assertThat(world.tally.doubled + world.tally.reordered).isZero();
            assertThat(world.tally.published).as("seed " + seed).isEqualTo(events);
        }
    }

    private static int hour(List<Step> steps, RandomGenerator random) {
        int events = commit(steps, random);
        steps.add(new Step(Kind.RUN, 0, 0));
        events += commit(steps, random);
        steps.add(new Step(Kind.SERVE, random.nextInt(3), 0));
        steps.add(new Step(Kind.DISCONNECT, random.nextInt(3), random.nextInt(2)));
        for (int minute = 0; minute < MINUTES; minute++) {
            steps.add(new Step(Kind.TICK, MINUTE, 0));
            if (random.nextInt(3) == 0) {
                events += commit(steps, random);
            }
            if (random.nextInt(4) == 0) {
                // a connection that lasts for a moment only, and takes with it what was sent
                steps.add(new Step(Kind.CONNECT, 0, 0));
                steps.add(new Step(Kind.LOOK, 3, 0));
                steps.add(new Step(Kind.ATTACHED, 3, 0));
                steps.add(new Step(Kind.DISCONNECT, random.nextInt(2), random.nextInt(2)));
            }
        }
        return events;
    }

    /** Good events of any tenants, one a transaction, received at once. */
    private static int commit(List<Step> steps, RandomGenerator random) {
        int count = 1 + random.nextInt(2);
        for (int i = 0; i < count; i++) {
            steps.add(new Step(Kind.COMMIT, 1, random.nextInt(TENANTS)));
        }
        steps.add(new Step(Kind.RECEIVE, count, 0));
        return count;
    }
}
