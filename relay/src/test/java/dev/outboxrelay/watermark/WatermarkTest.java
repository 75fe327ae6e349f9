package dev.outboxrelay.watermark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.event.Lsn;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class WatermarkTest {

    private final Watermark watermark = new Watermark();

    @Test
    void nothing_may_be_confirmed_at_first() {
        assertThat(watermark.confirmable()).isEqualTo(Lsn.NONE);
    }

    @Test
    void a_boundary_without_tickets_before_it_may_be_confirmed_at_once() {
        watermark.boundary(new Lsn(10));

        assertThat(watermark.confirmable()).isEqualTo(new Lsn(10));
    }

    @Test
    void a_boundary_waits_for_every_ticket_before_it() {
        Ticket first = watermark.issue();
        Ticket second = watermark.issue();
        watermark.boundary(new Lsn(10));
        watermark.settle(second);

        assertThat(watermark.confirmable()).isEqualTo(Lsn.NONE);
        watermark.settle(first);
        assertThat(watermark.confirmable()).isEqualTo(new Lsn(10));
    }

    @Test
    void a_boundary_never_moves_back() {
        watermark.boundary(new Lsn(10));
        watermark.boundary(new Lsn(5));

        assertThat(watermark.confirmable()).isEqualTo(new Lsn(10));
    }

    @Test
    void positions_beyond_half_of_all_are_still_greater() {
        watermark.boundary(new Lsn(Long.MAX_VALUE));
        watermark.boundary(new Lsn(Long.MIN_VALUE));

        assertThat(watermark.confirmable()).isEqualTo(new Lsn(Long.MIN_VALUE));
    }

    @Test
    void settling_twice_is_a_bug() {
        Ticket first = watermark.issue();
        Ticket second = watermark.issue();
        watermark.settle(second);

        assertThatThrownBy(() -> watermark.settle(second))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("settled twice");
        watermark.settle(first);
        assertThatThrownBy(() -> watermark.settle(first)).hasMessageContaining("settled twice");
    }

    @Test
    void settling_what_was_never_issued_is_a_bug() {
        assertThatThrownBy(() -> watermark.settle(new Ticket(0)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("never issued");
    }

    @Test
    void agrees_with_a_naive_model_on_random_runs() {
        for (long seed = 0; seed < 300; seed++) {
            agreesWithNaiveModel(seed);
        }
    }

    private static void agreesWithNaiveModel(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Watermark real = new Watermark();
        List<Ticket> open = new ArrayList<>();
        Set<Long> settled = new HashSet<>();
        List<long[]> boundaries = new ArrayList<>();
        long issued = 0;
        long lsn = 0;
        for (int i = 0; i < 300; i++) {
            int dice = random.nextInt(10);
            if (dice < 4) {
                open.add(real.issue());
                issued++;
            } else if (dice < 6) {
                lsn += random.nextInt(3);
                real.boundary(new Lsn(lsn));
                boundaries.add(new long[] {issued, lsn});
            } else if (!open.isEmpty()) {
                Ticket ticket = open.remove(random.nextInt(open.size()));
                real.settle(ticket);
                settled.add(ticket.number());
            }
            long prefix = 0;
            while (settled.contains(prefix)) {
                prefix++;
            }
            long confirmable = 0;
            long highest = 0;
            for (long[] boundary : boundaries) {
                // a position that was passed before keeps its first place
                if (boundary[1] > highest) {
                    highest = boundary[1];
                    confirmable = boundary[0] <= prefix ? boundary[1] : confirmable;
                }
            }
            assertThat(real.settledPrefix()).as("prefix, seed %d", seed).isEqualTo(prefix);
            assertThat(real.confirmable()).as("confirmable, seed %d", seed).isEqualTo(new Lsn(confirmable));
            assertThat(real.issued()).isEqualTo(issued);
        }
    }

    @Test
    void millions_of_tickets_settle_behind_each_other_and_the_numbers_stay_right() {
        SplittableRandom random = new SplittableRandom(3);
        int together = 10_000;
        List<Ticket> open = new ArrayList<>(together);
        for (int i = 0; i < 3_000_000; i++) {
            open.add(watermark.issue());
            watermark.boundary(new Lsn(i + 1L));
            if (open.size() == together) {
                int at = random.nextInt(together);
                Ticket ticket = open.get(at);
                open.set(at, open.get(together - 1));
                open.remove(together - 1);
                watermark.settle(ticket);
            }
        }
        long oldest = open.stream().mapToLong(Ticket::number).min().orElseThrow();
        assertThat(watermark.settledPrefix()).isEqualTo(oldest);
        assertThat(watermark.confirmable()).isEqualTo(new Lsn(oldest));

        open.forEach(watermark::settle);

        assertThat(watermark.settledPrefix()).isEqualTo(3_000_000);
        assertThat(watermark.confirmable()).isEqualTo(new Lsn(3_000_000));
    }
}
