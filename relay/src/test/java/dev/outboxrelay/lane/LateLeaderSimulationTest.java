package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.lane.Rules.Broken;
import dev.outboxrelay.lane.Rules.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Random schedules of leaders that believe in themselves after another one was elected: their lanes go on publishing
 * beside each other for a while, on connections of their own. In PostgreSQL only the last one's work counts.
 */
final class LateLeaderSimulationTest {

    private static final int SCHEDULES = 20_000;

    @Test
    void leaders_at_work_at_the_same_time_lose_double_and_reorder_nothing() {
        Figures figures = run(Broken.NOTHING, SCHEDULES);

        assertThat(figures.elections).as("elections").isGreaterThan(SCHEDULES / 2);
        assertThat(figures.late).as("messages of late leaders").isPositive();
        assertThat(figures.stepDowns).as("late leaders that saw a later term").isPositive();
        assertThat(figures.skipped)
                .as("events that an earlier leader had published")
                .isPositive();
    }

    @Test
    void without_the_chain_they_double_and_reorder() {
        assertThatThrownBy(() -> run(Broken.CHAIN, 500))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("the stream has");
    }

    @Test
    void without_the_fence_they_double() {
        assertThatThrownBy(() -> run(Broken.FENCE, 500))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("the stream has");
    }

    private static Figures run(Broken broken, int count) {
        long first = Long.getLong("simulation.seed", 0);
        Figures total = new Figures();
        LongStream.range(first, first + Integer.getInteger("simulation.count", count))
                .parallel()
                .forEach(seed -> {
                    Leaders leaders = run(broken, seed);
                    synchronized (total) {
                        total.add(leaders.figures);
                    }
                });
        return total;
    }

    private static Leaders run(Broken broken, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long[] windows = {0, 20_000_000L, 200_000_000L};
        Rules rules = new Rules(
                1,
                1 + random.nextInt(6),
                1 + random.nextInt(3),
                windows[random.nextInt(windows.length)],
                List.of(Variant.values()).get(random.nextInt(3)),
                broken);
        Leaders leaders = new Leaders(rules, random);
        List<String> steps = new ArrayList<>();
        int length = 20 + random.nextInt(80);
        for (int i = 0; i < length; i++) {
            steps.add(leaders.step());
        }
        leaders.heal();
        String wrong = leaders.verdict();
        if (!wrong.isEmpty()) {
            throw new AssertionError("seed " + seed + ", " + rules + ": " + wrong + "\n" + String.join(" ", steps));
        }
        return leaders;
    }

    /** What happened, to see that the simulation bites. */
    static final class Figures {
        int elections;
        int late;
        int stepDowns;
        int skipped;

        void add(Figures other) {
            elections += other.elections;
            late += other.late;
            stepDowns += other.stepDowns;
            skipped += other.skipped;
        }
    }
}
