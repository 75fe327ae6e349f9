package dev.outboxrelay.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TraceParentTest {

    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String SPAN = "00f067aa0ba902b7";
    private static final String IDS = TRACE + "-" + SPAN;

    @ParameterizedTest
    @ValueSource(strings = {"01", "03", "ff", "81"})
    void the_last_bit_of_the_flags_says_that_it_is_sampled(String flags) {
        assertThat(TraceParent.parse("00-" + IDS + "-" + flags)).contains(new TraceParent(TRACE, SPAN, true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"00", "02", "fe"})
    void the_other_bits_do_not(String flags) {
        assertThat(TraceParent.parse("00-" + IDS + "-" + flags)).contains(new TraceParent(TRACE, SPAN, false));
    }

    @ParameterizedTest
    @ValueSource(strings = {"01-" + IDS + "-01", "fe-" + IDS + "-01-what.will.be", "01-" + IDS + "-01-"})
    void of_a_later_version_what_is_known_is_read(String value) {
        assertThat(TraceParent.parse(value)).contains(new TraceParent(TRACE, SPAN, true));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00",
                "00-" + IDS,
                "00-" + IDS + "-",
                "00-" + IDS + "-1",
                "00-" + IDS + "-01-",
                "00-" + IDS + "-01-more",
                "01-" + IDS + "-01more",
                "ff-" + IDS + "-01",
                "0-" + IDS + "-01",
                "0g-" + IDS + "-01",
                "FE-" + IDS + "-01",
                "00-" + IDS + "-0g",
                "00-" + IDS + "-0A",
                " 00-" + IDS + "-01",
                "00-" + IDS + "-01 ",
                "00_" + IDS + "-01",
                "00-" + TRACE + "_" + SPAN + "-01",
                "00-" + IDS + "_01",
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + SPAN + "-01",
                "00-" + TRACE + "-00F067AA0BA902B7-01",
                "00-00000000000000000000000000000000-" + SPAN + "-01",
                "00-" + TRACE + "-0000000000000000-01",
                "00-4bf92f3577b34da6a3ce929d0e0e473-" + SPAN + "-001",
                "00-4bf92f3577b34da6a3ce929d0e0e473\u0667-" + SPAN + "-01",
                "00-" + SPAN + "-" + TRACE + "-01"
            })
    void anything_else_is_no_traceparent(String value) {
        assertThat(TraceParent.parse(value)).isEmpty();
    }

    @Test
    void a_value_that_goes_wrong_in_any_one_place_is_none() {
        String right = "00-" + IDS + "-01";
        for (int i = 0; i < right.length(); i++) {
            String wrong = right.substring(0, i) + "x" + right.substring(i + 1);

            assertThat(TraceParent.parse(wrong)).as(wrong).isEmpty();
        }
    }
}
