package dev.outboxrelay.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.config.ConsumerWish;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ConsumerRowReaderTest {

    @Test
    void a_whole_row() throws Exception {
        ConsumerRow row = ConsumerRowReader.read("""
                {"tenant_id": "*", "name": "billing", "filter_subject": "events.>", "ack_wait": "PT1M30.5S",
                 "max_ack_pending": 100, "max_deliver": -1, "backoff": ["PT1S", "P1DT2H"], "later": {"x": [1]}}""");

        assertThat(row)
                .isEqualTo(new ConsumerRow(
                        "*",
                        new ConsumerWish(
                                "billing",
                                "events.>",
                                Duration.ofMillis(90_500),
                                100,
                                -1,
                                List.of(Duration.ofSeconds(1), Duration.ofHours(26)))));
    }

    @Test
    void a_row_of_nulls() throws Exception {
        ConsumerRow row = ConsumerRowReader.read("""
                {"tenant_id": "acme", "name": "billing", "filter_subject": null, "ack_wait": null,
                 "max_ack_pending": null, "max_deliver": null, "backoff": null}""");

        assertThat(row).isEqualTo(new ConsumerRow("acme", new ConsumerWish("billing", null, null, null, null, null)));
    }

    @ParameterizedTest
    @CsvSource({
        "PT30S, 30000",
        "PT0.25S, 250",
        "P1D, 86400000",
        "P7DT1H, 608400000",
        "P1M, 2592000000",
        "P1Y, 31557600000",
        "PT-1H2M, -3480000",
        "PT0S, 0"
    })
    void intervals_as_postgresql_writes_them(String interval, long millis) throws Exception {
        ConsumerRow row =
                ConsumerRowReader.read("{\"tenant_id\": \"a\", \"name\": \"b\", \"ack_wait\": \"" + interval + "\"}");

        assertThat(row.wish().ackWait()).isEqualTo(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nothing | JSON",
                "[] | no JSON object",
                "{\"name\": \"b\"} | no tenant_id",
                "{\"tenant_id\": \"a\"} | no name",
                "{\"tenant_id\": 1, \"name\": \"b\"} | tenant_id is no text",
                "{\"tenant_id\": \"a\", \"name\": \"b\", \"ack_wait\": \"soon\"} | ack_wait is no interval",
                "{\"tenant_id\": \"a\", \"name\": \"b\", \"ack_wait\": \"P\"} | ack_wait is no interval",
                "{\"tenant_id\": \"a\", \"name\": \"b\", \"ack_wait\": \"P999999999999999D\"} | ack_wait is too long",
                "{\"tenant_id\": \"a\", \"name\": \"b\", \"max_deliver\": 1.5} | max_deliver is no whole number",
                "{\"tenant_id\": \"a\", \"name\": \"b\", \"max_deliver\": 99999999999} | JSON",
                "{\"tenant_id\": \"a\", \"name\": \"b\", \"backoff\": \"PT1S\"} | backoff is no list",
                "{\"tenant_id\": \"a\", \"name\": \"b\", \"backoff\": [null]} | backoff is no text"
            })
    void what_is_no_such_row_says_why(String json, String why) {
        assertThatThrownBy(() -> ConsumerRowReader.read(json))
                .isInstanceOf(ConsumerRowReader.Unreadable.class)
                .hasMessageContaining(why);
    }
}
