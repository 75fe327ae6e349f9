package dev.outboxrelay.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class TenantLatenciesTest {

    @Test
    void the_recent_figure_forgets_what_the_whole_run_keeps() {
        TenantLatencies latencies = new TenantLatencies(0);
        latencies.record(Duration.ofMillis(7), seconds(1));

        assertThat(isRecent(latencies, seconds(6))).isTrue();
        assertThat(isRecent(latencies, seconds(11))).isFalse();
        LatencyHistogram all = new LatencyHistogram();
        latencies.addAllTo(all);
        assertThat(all.quantile(0.5)).isPresent();
    }

    @Test
    void after_a_long_silence_only_what_is_new_counts() {
        TenantLatencies latencies = new TenantLatencies(0);
        latencies.record(Duration.ofMillis(7), seconds(1));

        latencies.record(Duration.ofSeconds(3), seconds(1_000));

        LatencyHistogram recent = new LatencyHistogram();
        latencies.addRecentTo(recent, seconds(1_001));
        assertThat(recent.quantile(0.01).orElseThrow()).isGreaterThan(Duration.ofSeconds(2));
    }

    private static boolean isRecent(TenantLatencies latencies, long now) {
        LatencyHistogram recent = new LatencyHistogram();
        latencies.addRecentTo(recent, now);
        return recent.quantile(0.5).isPresent();
    }

    private static long seconds(int seconds) {
        return Duration.ofSeconds(seconds).toNanos();
    }
}
