package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** No text of a row reaches a terminal as anything but visible characters. */
final class PrintableTest {

    @Test
    void letters_of_any_script_stay() {
        assertThat(Printable.of("größe 日本 a-b_c 😀")).isEqualTo("größe 日本 a-b_c 😀");
    }

    @Test
    void what_moves_the_cursor_hides_or_turns_text_around_is_shown_as_its_escape() {
        assertThat(Printable.of("a\u001b[2Jb")).isEqualTo("a\\u001b[2Jb");
        assertThat(Printable.of("a\r\n\tb\u0000\u007f\u009b")).isEqualTo("a\\r\\n\\tb\\u0000\\u007f\\u009b");
        assertThat(Printable.of("a\u202eb\u200bc\u2028d\u00a0e\ue000"))
                .isEqualTo("a\\u202eb\\u200bc\\u2028d\\u00a0e\\ue000");
        assertThat(Printable.of("\\u001b"))
                .as("an escape that was written is told apart")
                .isEqualTo("\\\\u001b");
        assertThat(Printable.of("\ud83dx")).isEqualTo("\\ud83dx");
        assertThat(Printable.of(new String(Character.toChars(0xE0001)))).isEqualTo("\\U000e0001");
    }

    @Test
    void nothing_is_a_dash() {
        assertThat(Printable.of(null)).isEqualTo("-");
    }
}
