package dev.outboxrelay.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class LatencyHistogramTest {

    @Test
    void without_a_record_there_is_no_quantile() {
        assertThat(new LatencyHistogram().quantile(0.5)).isEmpty();
    }

    @Test
    void quantiles_are_right_within_four_percent() {
        LatencyHistogram histogram = upTo100Millis();

        assertThat(millis(histogram, 0.5)).isBetween(50.0, 52.1);
        assertThat(millis(histogram, 0.99)).isBetween(99.0, 103.1);
    }

    @Test
    void durations_beyond_both_ends_are_counted_at_the_ends() {
        LatencyHistogram histogram = new LatencyHistogram();
        histogram.record(Duration.ZERO);
        histogram.record(Duration.ofDays(1));

        assertThat(millis(histogram, 0.5)).isLessThan(0.02);
        assertThat(millis(histogram, 1)).isGreaterThan(60_000);
    }

    @Test
    void sums_hold_what_both_hold() {
        LatencyHistogram sum = new LatencyHistogram();
        upTo100Millis().addTo(sum);
        IntStream.range(0, 900).forEach(i -> sum.record(Duration.ofMillis(1)));

        assertThat(millis(sum, 0.5)).isLessThan(1.1);
        assertThat(millis(sum, 0.99)).isBetween(89.0, 95.0);
    }

    private static LatencyHistogram upTo100Millis() {
        LatencyHistogram histogram = new LatencyHistogram();
        IntStream.rangeClosed(1, 100).forEach(i -> histogram.record(Duration.ofMillis(i)));
        return histogram;
    }

    private static double millis(LatencyHistogram histogram, double share) {
        return histogram.quantile(share).orElseThrow().toNanos() / 1e6;
    }
}
