package dev.outboxrelay.publish;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.lane.Failure;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PubAckTest {

    private static PublishOutcome read(String answer) {
        return PubAck.read(answer.getBytes(StandardCharsets.UTF_8), "TENANT_ACME");
    }

    private static Failure failure(String answer) {
        return ((PublishOutcome.Failed) read(answer)).failure();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"stream\":\"TENANT_ACME\", \"seq\":4711}",
                "{\"stream\":\"TENANT_ACME\",\"seq\":4711}",
                "{\"stream\":\"TENANT_ACME\", \"domain\":\"hub\", \"seq\":4711}",
                "{\"seq\":4711, \"stream\":\"TENANT_ACME\"}",
                "{\"stream\":\"TENANT_ACME\",\"seq\":4711,\"duplicate\":false}",
                "{ \"stream\" : \"TENANT_ACME\" , \"seq\" : 4711 , \"val\" : \"1\" }"
            })
    void stored_however_it_is_written(String answer) {
        assertThat(read(answer)).isEqualTo(new PublishOutcome.Stored(4_711));
    }

    @Test
    void the_greatest_sequences() {
        assertThat(read("{\"stream\":\"TENANT_ACME\", \"seq\":999999999999999999}"))
                .isEqualTo(new PublishOutcome.Stored(999_999_999_999_999_999L));
        assertThat(read("{\"stream\":\"TENANT_ACME\", \"seq\":9223372036854775807}"))
                .isEqualTo(new PublishOutcome.Stored(Long.MAX_VALUE));
    }

    @Test
    void a_duplicate() {
        assertThat(read("{\"stream\":\"TENANT_ACME\", \"seq\":7,\"duplicate\": true}"))
                .isEqualTo(new PublishOutcome.Duplicate(7));
        assertThat(read("{\"stream\":\"TENANT_ACME\", \"seq\":0,\"duplicate\": true}"))
                .isEqualTo(new PublishOutcome.Duplicate(0));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"stream\":\"TENANT_ACMEX\", \"seq\":7}",
                "{\"stream\":\"TENANT_ACM\", \"seq\":7}",
                "{\"stream\":\"OTHER\", \"seq\":7,\"duplicate\": true}"
            })
    void another_stream(String answer) {
        assertThat(failure(answer).cause()).isEqualTo("wrong_stream");
        assertThat(failure(answer).kind()).isEqualTo(Failure.Kind.TENANT_TROUBLE);
    }

    @Test
    void an_error_is_what_its_code_says() {
        Failure failure = failure("{\"error\":{\"code\":400,\"err_code\":10071,\"description\":"
                + "\"wrong last sequence: 5\"},\"stream\":\"TENANT_ACME\",\"seq\":0}");

        assertThat(failure.kind()).isEqualTo(Failure.Kind.FENCED);
        assertThat(failure.text()).contains("wrong last sequence: 5");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "+OK",
                "{}",
                "[]",
                "{\"stream\":\"TENANT_ACME\"}",
                "{\"stream\":\"TENANT_ACME\", \"seq\":-1}",
                "{\"stream\":\"TENANT_ACME\", \"seq\":",
                "{\"stream\":\"TENANT_ACME\", \"seq\":12",
                "{\"seq\":12}"
            })
    void what_says_nothing_is_in_doubt(String answer) {
        assertThat(failure(answer).kind()).isEqualTo(Failure.Kind.DOUBT);
    }

    private static BatchOutcome readBatch(String answer) {
        return PubAck.readBatch(answer.getBytes(StandardCharsets.UTF_8), "TENANT_ACME");
    }

    @Test
    void a_batch_tells_where_it_ends_and_how_long_it_is() {
        assertThat(readBatch("{\"stream\":\"TENANT_ACME\",\"seq\":500,\"batch\":\"b1\",\"count\":250}"))
                .isEqualTo(new BatchOutcome.Stored(500, 250));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"stream\":\"TENANT_ACME\", \"seq\":500}",
                "{\"stream\":\"TENANT_ACME\", \"seq\":500, \"duplicate\":true}",
                "{\"stream\":\"TENANT_ACME\", \"seq\":500, \"count\":0}",
                "{\"stream\":\"TENANT_ACME\", \"seq\":500, \"count\":250",
                ""
            })
    void anything_else_about_a_batch_is_doubt(String answer) {
        BatchOutcome outcome = readBatch(answer);

        assertThat(outcome).isInstanceOf(BatchOutcome.Failed.class);
        assertThat(((BatchOutcome.Failed) outcome).failure().kind()).isEqualTo(Failure.Kind.DOUBT);
    }

    @Test
    void a_batch_in_another_stream_or_with_an_error() {
        BatchOutcome elsewhere = readBatch("{\"stream\":\"OTHER\",\"seq\":500,\"batch\":\"b1\",\"count\":250}");
        assertThat(((BatchOutcome.Failed) elsewhere).failure().cause()).isEqualTo("wrong_stream");
        BatchOutcome refused =
                readBatch("{\"error\":{\"code\":400,\"err_code\":10071,\"description\":\"wrong last sequence: 7\"},"
                        + "\"stream\":\"TENANT_ACME\",\"seq\":0}");
        assertThat(((BatchOutcome.Failed) refused).failure().kind()).isEqualTo(Failure.Kind.FENCED);
    }
}
