package dev.outboxrelay.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AsciiBufferTest {

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 9, 10, 99, 100, 12_345_678_901L, Long.MAX_VALUE, -1, Long.MIN_VALUE})
    void numbers_are_written_as_the_library_writes_them(long number) {
        assertThat(new AsciiBuffer(1).literal('<').number(number).literal('>')).hasToString("<" + number + ">");
        assertThat(new AsciiBuffer(1).hex(number))
                .hasToString(Long.toHexString(number).toUpperCase(java.util.Locale.ROOT));
    }

    @Test
    void random_numbers_too() {
        SplittableRandom random = new SplittableRandom(20_261_126);
        for (int i = 0; i < 10_000; i++) {
            long number = random.nextLong() >>> random.nextInt(64);

            assertThat(new AsciiBuffer(20).number(number)).hasToString(Long.toString(number));
            assertThat(new AsciiBuffer(20).hex(number))
                    .hasToString(Long.toHexString(number).toUpperCase(java.util.Locale.ROOT));
        }
    }

    @Test
    void it_grows_and_copies_what_it_holds() {
        AsciiBuffer buffer = new AsciiBuffer(0)
                .text("a")
                .number(7, 3)
                .text("~".repeat(1_000))
                .literal(new byte[] {'!'});
        byte[] copy = new byte[buffer.length() + 2];

        assertThat(buffer.copyTo(copy, 1)).isEqualTo(1_005);
        assertThat(buffer).hasToString("a007" + "~".repeat(1_000) + "!");
        assertThat(copy[0]).isZero();
        assertThat(copy[1]).isEqualTo((byte) 'a');
        assertThat(copy[1_005]).isEqualTo((byte) '!');
        assertThat(copy[1_006]).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r", "\n", "\u0000", "\u007f", "é", "ā", "日本", "Ŀ"})
    void a_text_that_is_not_printable_ascii_is_refused(String text) {
        assertThatThrownBy(() -> new AsciiBuffer(8).text(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
