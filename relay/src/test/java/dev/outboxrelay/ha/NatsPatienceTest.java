package dev.outboxrelay.ha;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class NatsPatienceTest {

    private final NatsPatience patience = new NatsPatience();

    @Test
    void it_grows_with_each_time_in_vain_and_begins_anew_after_a_connection() {
        List<Long> seconds = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            seconds.add(secondsUntilOver());
            patience.gaveWay();
        }
        patience.connected();
        seconds.add(secondsUntilOver());

        assertThat(seconds).containsExactly(10L, 40L, 160L, 600L, 600L, 10L);
    }

    private long secondsUntilOver() {
        long begin = Long.MAX_VALUE - 5; // monotonic time may wrap
        patience.begin(begin);
        long seconds = 0;
        while (!patience.isOver(begin + TimeUnit.SECONDS.toNanos(seconds))) {
            seconds++;
        }
        return seconds;
    }
}
