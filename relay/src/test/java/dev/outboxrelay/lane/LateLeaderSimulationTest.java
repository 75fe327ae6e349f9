package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.lane.Leaders.Move;
import dev.outboxrelay.lane.Rules.Broken;
import dev.outboxrelay.lane.Rules.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Random schedules of leaders that believe in themselves after another one was elected: their lanes go on publishing
 * beside each other for a while, on connections of their own. In PostgreSQL only the last one's work counts.
 */
final class LateLeaderSimulationTest {

    private static final int SCHEDULES = 20_000;
    private static final List<Long> WINDOWS = List.of(0L, 20_000_000L, 200_000_000L);

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
                .hasMessageContaining("the stream has")
                .satisfies(Schedules::isShort);
    }

    @Test
    void without_the_fence_they_double() {
        assertThatThrownBy(() -> run(Broken.FENCE, 500))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("the stream has")
                .satisfies(Schedules::isShort);
    }

    @Test
    void batches_of_leaders_at_work_at_the_same_time_lose_double_and_reorder_nothing() {
        Figures figures = run(Broken.NOTHING, true, SCHEDULES);

        assertThat(figures.batches).as("batches").isGreaterThan(SCHEDULES / 2);
        assertThat(figures.lateBatches).as("batches of late leaders").isPositive();
    }

    @Test
    void without_the_chain_batches_double_and_reorder() {
        assertThatThrownBy(() -> run(Broken.CHAIN, true, 500))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("the stream has");
    }

    private static Figures run(Broken broken, int count) {
        return run(broken, false, count);
    }

    private static Figures run(Broken broken, boolean batches, int count) {
        long first = Long.getLong("simulation.seed", 0);
        Figures total = new Figures();
        Optional<String> failure = LongStream.range(first, first + Integer.getInteger("simulation.count", count))
                .parallel()
                .mapToObj(seed -> run(broken, batches, seed, total))
                .flatMap(Optional::stream)
                .findFirst();
        if (failure.isPresent()) {
            throw new AssertionError(failure.get());
        }
        return total;
    }

    private static Optional<String> run(Broken broken, boolean batches, long seed, Figures total) {
        SplittableRandom random = new SplittableRandom(seed);
        Rules rules = new Rules(
                1,
                batches ? 4 + random.nextInt(6) : 1 + random.nextInt(6),
                1 + random.nextInt(3),
                WINDOWS.get(random.nextInt(WINDOWS.size())),
                List.of(Variant.values()).get(random.nextInt(3)),
                false,
                false,
                false,
                batches,
                false,
                broken);
        List<Move> moves = Stream.generate(() -> Move.any(random))
                .limit(20 + random.nextInt(80))
                .toList();
        Leaders leaders = new Leaders(rules);
        if (!leaders.play(moves).isEmpty()) {
            return Optional.of(report(seed, rules, moves));
        }
        synchronized (total) {
            total.add(leaders.figures);
        }
        return Optional.empty();
    }

    private static String report(long seed, Rules rules, List<Move> moves) {
        List<Move> shortest = new ArrayList<>(moves);
        for (int i = shortest.size() - 1; i >= 0; i--) {
            Move taken = shortest.remove(i);
            if (new Leaders(rules).play(shortest).isEmpty()) {
                shortest.add(i, taken);
            }
        }
        return "seed " + seed + " fails; " + moves.size() + " steps shrunk to " + shortest.size() + "\n" + rules + "\n"
                + new Leaders(rules).play(shortest) + "\n" + shortest;
    }

    /** What happened, to see that the simulation bites. */
    static final class Figures {
        int elections;
        int late;
        int stepDowns;
        int skipped;
        int batches;
        int lateBatches;

        void add(Figures other) {
            elections += other.elections;
            late += other.late;
            stepDowns += other.stepDowns;
            skipped += other.skipped;
            batches += other.batches;
            lateBatches += other.lateBatches;
        }
    }
}
