package dev.outboxrelay.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LsnTest {

    @ParameterizedTest
    @CsvSource({
        "0/0, 0",
        "0/1, 1",
        "1/0, 4294967296",
        "16/B374D848, 97500059720",
        "16/b374d848, 97500059720",
        "FFFFFFFF/FFFFFFFF, -1"
    })
    void reads_the_text_form_of_postgres(String text, long value) {
        assertThat(Lsn.parse(text)).isEqualTo(new Lsn(value));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "0",
                "0/",
                "/0",
                "1/2/3",
                "-1/0",
                "0/-1",
                "+1/0",
                "0/+1",
                "g/0",
                "123456789/0",
                "0/123456789",
                " 0/1"
            })
    void refuses_what_is_no_lsn(String text) {
        assertThatThrownBy(() -> Lsn.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not an LSN");
    }

    @Test
    void comes_back_from_its_text() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 10_000; i++) {
            Lsn lsn = new Lsn(random.nextLong() >>> random.nextInt(64));
            assertThat(Lsn.parse(lsn.toString())).isEqualTo(lsn);
        }
    }

    @Test
    void is_ordered_without_a_sign() {
        Lsn low = Lsn.parse("7FFFFFFF/FFFFFFFF");
        Lsn high = Lsn.parse("80000000/0");

        assertThat(low).isLessThan(high);
        assertThat(low.isAtOrBefore(high)).isTrue();
        assertThat(high.isAtOrBefore(low)).isFalse();
        assertThat(high.isAtOrBefore(high)).isTrue();
        assertThat(high.bytesSince(low)).isEqualTo(1);
        assertThat(Lsn.NONE).isLessThan(low);
    }
}
