package dev.outboxrelay.dlq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.dlq.Correction.Corrected;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a replay changes of an event. */
final class CorrectionTest {

    private static Letter letter(
            @Nullable String headers, @Nullable String replaySubject, @Nullable String replayHeaders) {
        return new Letter(
                1,
                Kind.EVENT,
                State.DEAD,
                "outbox.message",
                "x",
                "acme",
                "a..b",
                headers,
                replaySubject,
                replayHeaders,
                0L,
                null,
                null,
                null,
                0,
                null,
                null,
                null);
    }

    @Test
    void nothing_given_keeps_what_was_written_and_what_was_corrected_earlier() {
        assertThat(Correction.NONE.apply(letter("{}", null, null))).isEqualTo(new Corrected(null, null));
        assertThat(Correction.NONE.apply(letter("{}", "a.b", "{\"x\":\"y\"}")))
                .isEqualTo(new Corrected("a.b", "{\"x\":\"y\"}"));
    }

    @Test
    void as_written_forgets_what_was_corrected_earlier() {
        assertThat(new Correction(null, Map.of(), true).apply(letter("{}", "a.b", "{\"x\":\"y\"}")))
                .isEqualTo(new Corrected(null, null));
        assertThat(new Correction("c", Map.of("n", "1"), true).apply(letter("{\"w\":\"1\"}", "a.b", "{\"x\":\"y\"}")))
                .isEqualTo(new Corrected("c", "{\"w\":\"1\",\"n\":\"1\"}"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"a\":\"1\",\"b\":\"2\"}|a|3|{\"b\":\"2\",\"a\":\"3\"}",
                "{\"a\":\"1\"}|c|3|{\"a\":\"1\",\"c\":\"3\"}",
                "{\"A\":\"1\"}|a|3|{\"a\":\"3\"}",
                "{\"Nats-Rollup\":\"all\",\"b\":\"2\"}|nats-rollup|''|{\"b\":\"2\"}",
                "{\"a\":1}|b|2|{\"a\":1,\"b\":\"2\"}",
                "{}|a|''|{}",
            })
    void a_header_is_set_or_removed_whatever_its_case(String written, String name, String value, String merged) {
        assertThat(new Correction(null, Map.of(name, value), false)
                        .apply(letter(written, null, null))
                        .headers())
                .isEqualTo(merged);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "7", "\"a\"", "null"})
    void headers_that_were_no_object_are_replaced_by_one(String written) {
        assertThat(new Correction(null, Map.of("a", "b"), false)
                        .apply(letter(written, null, null))
                        .headers())
                .isEqualTo("{\"a\":\"b\"}");
    }

    @Test
    void a_further_correction_builds_on_the_earlier_one() {
        Map<String, String> more = new LinkedHashMap<>();
        more.put("x", "");
        more.put("z", "1");
        assertThat(new Correction(null, more, false).apply(letter("{\"w\":\"1\"}", "a.b", "{\"x\":\"y\",\"v\":\"2\"}")))
                .isEqualTo(new Corrected("a.b", "{\"v\":\"2\",\"z\":\"1\"}"));
    }
}
