package dev.outboxrelay;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class TwoLooksTest {

    private final TwoLooks looks = new TwoLooks();

    @Test
    void the_first_of_a_source_that_gets_on_pins_nothing() {
        for (long ticket = 0; ticket < 10; ticket++) {
            assertThat(looks.look(ticket)).isFalse();
        }
    }

    @Test
    void one_that_is_first_twice_in_a_row_pins_the_slot_until_it_is_gone() {
        assertThat(looks.look(7)).isFalse();
        assertThat(looks.look(7)).isTrue();
        assertThat(looks.look(7)).isTrue();
        assertThat(looks.look(8)).isFalse();
        assertThat(looks.look(7)).as("after another one").isFalse();
    }
}
