package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.lane.Failure.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ServerErrorsTest {

    @ParameterizedTest
    @CsvSource({
        "10071, FENCED",
        "10164, FENCED",
        "10070, FENCED",
        "10158, TRANSIENT",
        "10008, TRANSIENT",
        "10163, TRANSIENT",
        "10004, TRANSIENT",
        "10009, TRANSIENT",
        "10118, TRANSIENT",
        "10194, TRANSIENT",
        "10167, TRANSIENT",
        "10058, TRANSIENT",
        "10059, TRANSIENT",
        "10002, TENANT_TROUBLE",
        "10047, TENANT_TROUBLE",
        "10028, TENANT_TROUBLE",
        "10023, TENANT_TROUBLE",
        "10122, TENANT_TROUBLE",
        "10054, POISON",
        "10097, POISON",
        "10060, TENANT_TROUBLE",
        "10109, TENANT_TROUBLE",
        "10166, TENANT_TROUBLE",
        "10065, TENANT_TROUBLE",
        "10052, TENANT_TROUBLE",
        "10074, TENANT_TROUBLE",
        "10027, TENANT_TROUBLE",
        "10026, TENANT_TROUBLE",
        "10005, TENANT_TROUBLE",
        "10039, TENANT_TROUBLE",
        "10076, TENANT_TROUBLE",
        "10037, UNEXPLAINED",
        "1, UNEXPLAINED",
        "99999, UNEXPLAINED"
    })
    void each_code_has_its_kind(int code, Kind kind) {
        Failure failure = ServerErrors.of(code, "in words");

        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure.cause()).isEqualTo(Integer.toString(code));
        assertThat(failure.text()).contains("in words", Integer.toString(code));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"maximum messages exceeded", "maximum bytes exceeded", "maximum messages per subject exceeded"})
    void a_full_stream_is_the_tenants_trouble(String description) {
        assertThat(ServerErrors.of(10_077, description).kind()).isEqualTo(Kind.TENANT_TROUBLE);
    }

    @Test
    void any_other_store_failure_may_pass() {
        assertThat(ServerErrors.of(10_077, "write msgs/1.blk: input/output error")
                        .kind())
                .isEqualTo(Kind.TRANSIENT);
    }

    @ParameterizedTest
    @CsvSource({
        "10074, outbox.streams.replicas: 1",
        "10039, enable JetStream",
        "10076, enable JetStream",
        "10065, nats stream ls"
    })
    void what_an_operator_can_mend_comes_with_the_remedy(int code, String remedy) {
        assertThat(ServerErrors.of(code, "x").text()).contains(remedy);
    }
}
