package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RetryPolicyTest {

    private static final RetryPolicy POLICY = new RetryPolicy(Duration.ofMillis(50), Duration.ofSeconds(2), 5);
    private final SplittableRandom random = new SplittableRandom(5);

    @ParameterizedTest
    @CsvSource({"0, 50", "1, 50", "2, 100", "3, 200", "6, 1600", "7, 2000", "8, 2000", "100, 2000", "2147483647, 2000"})
    void pauses_lie_between_half_and_the_whole_of_their_step(int failures, long stepMillis) {
        long step = Duration.ofMillis(stepMillis).toNanos();

        assertThat(LongStream.range(0, 1_000).map(i -> POLICY.pauseNanos(failures, random)))
                .allSatisfy(pause -> assertThat(pause).isBetween(step / 2, step));
    }

    @Test
    void pauses_are_spread_over_their_step() {
        assertThat(LongStream.range(0, 1_000)
                        .map(i -> POLICY.pauseNanos(3, random))
                        .distinct()
                        .count())
                .isGreaterThan(900);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, 40, 1_000})
    void long_initial_pauses_do_not_overflow(int failures) {
        RetryPolicy slow = new RetryPolicy(Duration.ofDays(300), Duration.ofDays(3_000), 5);

        assertThat(slow.pauseNanos(failures, random))
                .isBetween(
                        Duration.ofDays(150).toNanos(), Duration.ofDays(3_000).toNanos());
    }
}
