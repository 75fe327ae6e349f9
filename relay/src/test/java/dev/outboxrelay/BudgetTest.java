package dev.outboxrelay;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class BudgetTest {

    private final Budget budget = new Budget(10 * 1024, 4);

    @Test
    void takes_up_to_its_bytes_and_its_events() {
        assertThat(budget.tryAcquire(6 * 1024)).isTrue();
        assertThat(budget.tryAcquire(5 * 1024)).isFalse();
        assertThat(budget.tryAcquire(1)).isTrue();
        assertThat(budget.tryAcquire(1)).isTrue();
        assertThat(budget.tryAcquire(1)).isTrue();
        assertThat(budget.tryAcquire(1)).as("a fifth event").isFalse();

        budget.release(6 * 1024);

        assertThat(budget.tryAcquire(5 * 1024)).isTrue();
    }

    @Test
    void one_event_fits_whatever_it_costs() {
        assertThat(budget.tryAcquire(1L << 30)).isTrue();
        assertThat(budget.tryAcquire(1)).isFalse();
    }

    @Test
    void what_is_stored_and_not_settled_takes_little_but_is_bounded_too() {
        int stored = 0;
        while (budget.tryAcquire(Budget.cost(0))) {
            budget.waits(40);
            budget.release(Budget.cost(0));
            stored++;
        }
        assertThat(budget.events()).isZero();
        assertThat(stored).isBetween(200, 256);

        for (int i = 0; i < 20; i++) {
            budget.settled(40);
        }

        assertThat(budget.tryAcquire(Budget.cost(0))).isTrue();
    }

    @Test
    void a_row_that_stays_unsettled_does_not_keep_a_huge_event_out() {
        assertThat(budget.tryAcquire(Budget.cost(0))).isTrue();
        budget.waits(40);
        budget.release(Budget.cost(0));

        assertThat(budget.tryAcquire(1L << 30)).isTrue();
    }
}
