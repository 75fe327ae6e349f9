package dev.outboxrelay.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class PaceTest {

    @Test
    void events_wait_until_those_before_them_have_had_their_time() {
        Pace pace = new Pace(100, 0);

        assertThat(pace.take(5, 0)).isZero();
        assertThat(pace.take(1, 0)).isEqualTo(Duration.ofMillis(50));
        assertThat(pace.take(1, 0)).isEqualTo(Duration.ofMillis(60));
    }

    @Test
    void time_that_was_not_used_is_not_made_up_for() {
        Pace pace = new Pace(100, 0);

        assertThat(pace.take(1, Duration.ofSeconds(9).toNanos())).isZero();
        assertThat(pace.take(1, Duration.ofSeconds(9).toNanos())).isEqualTo(Duration.ofMillis(10));
    }
}
