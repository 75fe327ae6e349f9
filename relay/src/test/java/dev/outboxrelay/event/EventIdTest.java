package dev.outboxrelay.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class EventIdTest {

    @Test
    void is_the_row_id_for_the_products_own_table() {
        assertThat(EventId.of(TableName.OUTBOX_MESSAGE, "42").value()).isEqualTo("42");
    }

    @Test
    void names_any_other_table() {
        assertThat(EventId.of(new TableName("public", "orders"), "42").value()).isEqualTo("public.orders:42");
    }

    @Test
    void takes_256_characters_and_no_more() {
        assertThat(EventId.isValid("x".repeat(256))).isTrue();
        assertThat(EventId.isValid("x".repeat(257))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "a\tb", "a\r\nNats-Rollup: all", "\u007f", "é", "\ud83d\ude00"})
    void refuses_what_a_header_cannot_carry(String id) {
        assertThat(EventId.isValid(id)).isFalse();
        assertThatThrownBy(() -> new EventId(id)).isInstanceOf(IllegalArgumentException.class);
    }
}
