package dev.outboxrelay.lag;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * A stream with a limit and a consumer of any temper, looked at at any time: what is judged is compared with the truth.
 */
final class ConsumerLagSimulationTest {

    private static final int BOUND = 500;

    /** The truth about a stream and one consumer. */
    private static final class World {
        private final Random random;
        private final boolean filtered;
        private final long limit;
        private final List<Boolean> matches = new ArrayList<>(List.of(false)); // sequences begin at 1
        private final TreeSet<Long> unacked = new TreeSet<>();
        private long first = 1;
        private long cursor = 1;
        private long delivered;
        private long floor;
        private long deliveries;
        private long lost;

        World(Random random, boolean filtered) {
            this.random = random;
            this.filtered = filtered;
            this.limit = 50L + random.nextInt(2_000);
        }

        private long last() {
            return matches.size() - 1L;
        }

        private boolean wants(long sequence) {
            return !filtered || matches.get((int) sequence);
        }

        void publish(int messages) {
            for (int i = 0; i < messages; i++) {
                matches.add(random.nextInt(10) == 0);
            }
            while (last() - first + 1 > limit) {
                if (first >= cursor && wants(first)) {
                    lost++;
                }
                first++;
            }
            cursor = Math.max(cursor, first);
        }

        void deliver(int atMost) {
            for (int i = 0; i < atMost && unacked.size() < BOUND; i++) {
                while (cursor <= last() && !wants(cursor)) {
                    cursor++;
                }
                if (cursor > last()) {
                    return;
                }
                delivered = cursor;
                deliveries++;
                unacked.add(cursor++);
            }
        }

        void acknowledge(int atMost) {
            for (int i = 0; i < atMost && !unacked.isEmpty(); i++) {
                Long one = random.nextInt(4) == 0 ? unacked.last() : unacked.first();
                unacked.remove(one);
            }
            floor = unacked.isEmpty() ? delivered : unacked.first() - 1;
        }

        StreamFigures stream() {
            return new StreamFigures(
                    "TENANT_ACME",
                    "acme",
                    "tenant.acme.>",
                    first,
                    last(),
                    last() - first + 1,
                    1,
                    StreamFill.NONE,
                    List.of());
        }

        ConsumerFigures consumer() {
            long pending = 0;
            for (long sequence = cursor; sequence <= last(); sequence++) {
                pending += wants(sequence) ? 1 : 0;
            }
            Figures figures = new Figures()
                    .pending(pending)
                    .ackPending(unacked.size())
                    .delivered(delivered, deliveries)
                    .floor(floor);
            return (filtered ? figures.filter("tenant.acme.rare.>") : figures).build();
        }
    }

    @Test
    void no_loss_is_invented() {
        long lostInAll = 0;
        for (int seed = 0; seed < 150; seed++) {
            World world = new World(new Random(seed), seed % 3 == 0);
            int reading = world.random.nextInt(120);
            int acknowledging = world.random.nextInt(120);
            ConsumerLag lag = null;
            long seenLost = 0;
            for (int step = 1; step < 60; step++) {
                world.publish(world.random.nextInt(100));
                if (world.random.nextBoolean()) {
                    lag = look(lag, world, step);
                    assertThat(lag.lost()).as("seed %d step %d", seed, step).isBetween(seenLost, world.lost);
                    seenLost = lag.lost();
                    assertThat(lag.has(Finding.Kind.LOSING)).isEqualTo(lag.lost() > 0);
                }
                world.deliver(world.random.nextInt(1 + reading));
                world.acknowledge(world.random.nextInt(1 + acknowledging));
            }
            lostInAll += seenLost;
        }
        assertThat(lostInAll).isPositive();
    }

    @Test
    void looked_at_between_any_two_steps_every_single_loss_is_counted() {
        for (int seed = 0; seed < 80; seed++) {
            World world = new World(new Random(seed), false);
            ConsumerLag lag = look(null, world, 0);
            for (int step = 1; step < 100; step++) {
                world.publish(world.random.nextInt(100));
                lag = look(lag, world, step);
                assertThat(lag.lost()).as("seed %d step %d", seed, step).isEqualTo(world.lost);
                world.deliver(world.random.nextInt(60));
                world.acknowledge(world.random.nextInt(60));
                lag = look(lag, world, step);
            }
        }
    }

    @Test
    void whoever_moves_is_never_called_stalled_or_absent() {
        for (int seed = 0; seed < 80; seed++) {
            World world = new World(new Random(seed), seed % 2 == 0);
            ConsumerLag lag = null;
            for (int step = 0; step < 50; step++) {
                world.publish(world.random.nextInt(100));
                long before = world.deliveries + world.floor;
                world.deliver(world.random.nextInt(60));
                world.acknowledge(world.random.nextInt(60));
                boolean moved = world.deliveries + world.floor > before;
                lag = look(lag, world, 1 + 5L * step);
                assertThat(moved && (lag.has(Finding.Kind.STALLED) || lag.has(Finding.Kind.ABSENT)))
                        .as("seed %d step %d", seed, step)
                        .isFalse();
            }
        }
    }

    private static ConsumerLag look(@Nullable ConsumerLag before, World world, long second) {
        return ConsumerLag.of(before, world.stream(), world.consumer(), GivenUp.NONE, 1_000 * (1 + second));
    }
}
