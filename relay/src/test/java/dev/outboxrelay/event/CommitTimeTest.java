package dev.outboxrelay.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CommitTimeTest {

    private static String written(long micros) {
        AsciiBuffer out = new AsciiBuffer(1);
        CommitTime.append(micros, out);
        return out.toString();
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1970-01-01T00:00:00.000000Z",
        "1, 1970-01-01T00:00:00.000001Z",
        "-1, 1969-12-31T23:59:59.999999Z",
        "1795574008199032, 2026-11-25T02:33:28.199032Z",
        "951782400000000, 2000-02-29T00:00:00.000000Z",
        "253402300799999999, 9999-12-31T23:59:59.999999Z",
        "-62167219200000001, -0001-12-31T23:59:59.999999Z",
    })
    void is_written_with_six_digits_in_utc(long micros, String text) {
        assertThat(written(micros)).isEqualTo(text);
    }

    @Test
    void is_what_the_library_would_write() {
        DateTimeFormatter library =
                DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);
        SplittableRandom random = new SplittableRandom(20_261_125);
        for (int i = 0; i < 10_000; i++) {
            long micros = random.nextLong(-62_167_219_200_000_000L, 253_402_300_800_000_000L);

            assertThat(written(micros)).isEqualTo(library.format(Instant.EPOCH.plus(micros, ChronoUnit.MICROS)));
        }
    }
}
