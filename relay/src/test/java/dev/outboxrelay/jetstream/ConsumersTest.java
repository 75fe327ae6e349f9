package dev.outboxrelay.jetstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.nats.client.api.StreamConfiguration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ConsumersTest {

    @ParameterizedTest
    @CsvSource({
        "tenant.acme.>, acme",
        "tenant.>, ''",
        "tenant..>, ''",
        "tenant.*.>, ''",
        "tenant.a.b.>, ''",
        "orders.>, ''"
    })
    void a_stream_without_metadata_belongs_to_the_tenant_that_its_subject_names(String subject, String tenant) {
        StreamConfiguration stream = StreamConfiguration.builder()
                .name("SOMEBODYS")
                .subjects(subject)
                .build();

        assertThat(Consumers.tenant(stream).orElse("")).isEqualTo(tenant);
    }
}
