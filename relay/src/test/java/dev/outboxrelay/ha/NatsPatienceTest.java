package dev.outboxrelay.ha;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class NatsPatienceTest {

    private static final long BEGIN = Long.MAX_VALUE - 5; // monotonic time may wrap

    private final NatsPatience patience = new NatsPatience();

    @Test
    void it_grows_with_each_time_in_vain_and_begins_anew_after_a_connection() {
        patience.connected();
        List<Long> seconds = inVain(5);
        patience.connected();
        seconds.add(secondsUntilOver(BEGIN));

        assertThat(seconds).containsExactly(10L, 40L, 160L, 600L, 600L, 10L);
    }

    /** It would keep the lead for ten minutes from one that has its connection back. */
    @Test
    void one_that_never_connected_has_short_turns() {
        assertThat(inVain(5)).containsExactly(10L, 40L, 40L, 40L, 40L);
    }

    @Test
    void an_outage_long_after_another_one_begins_anew() {
        patience.connected();
        inVain(4);

        assertThat(secondsUntilOver(BEGIN + TimeUnit.MINUTES.toNanos(19))).isEqualTo(600);
        assertThat(secondsUntilOver(BEGIN + TimeUnit.MINUTES.toNanos(20))).isEqualTo(10);
    }

    private List<Long> inVain(int times) {
        List<Long> seconds = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            seconds.add(secondsUntilOver(BEGIN));
            patience.gaveWay(BEGIN);
        }
        return seconds;
    }

    private long secondsUntilOver(long begin) {
        patience.begin(begin);
        long seconds = 0;
        while (!patience.isOver(begin + TimeUnit.SECONDS.toNanos(seconds))) {
            seconds++;
        }
        return seconds;
    }
}
