package dev.outboxrelay.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.demo.Difference.Kind;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

final class OutcomeTest {

    @Test
    void no_difference_is_good() {
        Outcome outcome = Outcome.of(new Comparison.Report(1_234, 0, 0, 0, List.of()));

        assertThat(outcome.good()).isTrue();
        assertThat(outcome.lines()).contains("1,234 events equal, no differences.");
    }

    @Test
    void every_difference_is_named_with_its_tenant_up_to_a_bound() {
        Difference difference = new Difference(Kind.DOUBLED, "tiny", "id-7");

        Outcome outcome = Outcome.of(new Comparison.Report(1, 0, 0, 0, Collections.nCopies(25, difference)));

        assertThat(outcome.good()).isFalse();
        assertThat(outcome.lines())
                .contains("1 events equal, 25 differences:", "  tenant tiny, event id-7: in the stream more than once")
                .endsWith("  … and 5 more");
    }

    @Test
    void a_row_that_is_not_marked_or_became_a_dead_letter_is_not_good() {
        assertThat(Outcome.of(new Comparison.Report(9, 0, 1, 0, List.of())).good())
                .isFalse();
        assertThat(Outcome.of(new Comparison.Report(9, 0, 0, 1, List.of())).good())
                .isFalse();
    }

    @Test
    void what_limits_dropped_is_said_and_is_no_difference() {
        Outcome outcome = Outcome.of(new Comparison.Report(9, 4_000, 0, 0, List.of()));

        assertThat(outcome.good()).isTrue();
        assertThat(outcome.lines()).anyMatch(line -> line.startsWith("4,000 older events were not compared"));
    }
}
