package dev.outboxrelay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DrainPaceTest {

    private final DrainPace pace = new DrainPace(1_000, 500);
    private final List<String> taken = new ArrayList<>();

    private void ask(String... tenants) {
        for (String tenant : tenants) {
            pace.ask(() -> taken.add(tenant));
        }
    }

    private List<String> taken() {
        List<String> now = List.copyOf(taken);
        taken.clear();
        return now;
    }

    @Test
    void with_little_WAL_kept_everybody_goes_at_once() {
        ask("acme", "globex");
        pace.look(999);
        ask("acme");

        assertThat(taken()).containsExactly("acme", "globex", "acme");
    }

    @Test
    void from_the_bound_on_one_after_the_other_until_the_second_is_used_up() {
        pace.look(1_000);
        ask("acme", "globex", "initech");
        assertThat(taken()).containsExactly("acme");

        pace.fetched(300);
        assertThat(taken()).containsExactly("globex");

        pace.fetched(200);
        ask("acme");
        assertThat(taken()).isEmpty();

        pace.look(2_000);
        assertThat(taken()).containsExactly("initech");
        pace.fetched(256);
        assertThat(taken()).containsExactly("acme");
    }

    @Test
    void who_finds_nothing_more_costs_the_others_nothing() {
        pace.look(1_000);
        for (int i = 0; i < 1_000; i++) {
            ask("tenant " + i);
        }

        for (int i = 0; i < 1_000; i++) {
            assertThat(taken()).containsExactly("tenant " + i);
            pace.fetched(0);
        }
        assertThat(taken()).isEmpty();
    }

    @Test
    void while_nobody_can_look_it_stays_slow_and_goes_on() {
        pace.look(1_000);
        ask("acme", "globex");
        pace.fetched(500);
        assertThat(taken()).containsExactly("acme");

        pace.unknown();

        assertThat(taken()).containsExactly("globex");
    }

    @Test
    void all_who_wait_go_when_the_WAL_is_freed() {
        pace.look(1_000);
        ask("acme", "globex", "initech");
        pace.fetched(500);
        taken();

        pace.look(999);

        assertThat(taken()).containsExactly("globex", "initech");
    }

    @Test
    void what_was_asked_for_before_counts_when_it_comes() {
        ask("acme", "globex");
        pace.look(1_000);
        ask("initech");
        taken();

        pace.fetched(256);
        assertThat(taken()).isEmpty();
        pace.fetched(243);
        assertThat(taken()).containsExactly("initech");
    }
}
