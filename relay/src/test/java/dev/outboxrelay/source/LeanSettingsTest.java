package dev.outboxrelay.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.RawValue;
import dev.outboxrelay.config.Reading;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.SettingsReader;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.postgres.Endpoint;
import io.debezium.config.Configuration;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class LeanSettingsTest {

    private static Properties properties(Map<String, String> more) {
        Map<String, String> texts = new TreeMap<>(more);
        texts.put("outbox.postgres.url", "jdbc:postgresql://db/shop");
        texts.put("outbox.nats.url", "nats://n");
        Map<String, RawValue> raw = new TreeMap<>();
        texts.forEach((key, text) -> raw.put(key, new RawValue(text, "test")));
        Settings settings = ((Reading.Complete) SettingsReader.read(raw)).settings();
        return EngineProperties.of(
                settings, new Endpoint("db", 5432, "shop", Map.of()), Map.of("user", "relay"), "prefix");
    }

    @Test
    void what_the_task_needs_travels_through_the_engines_properties() {
        Properties properties = properties(Map.of(
                "outbox.postgres.slot", "a_slot",
                "outbox.postgres.publication", "A_publication",
                "outbox.source.poll-interval", "7ms",
                "outbox.source.max-batch", "11",
                "outbox.source.queue-bytes", "3MB",
                "outbox.source.tables[0].table", "shop.out$box",
                "outbox.source.tables[0].tenant-column", "customer",
                "outbox.source.tables[0].subject", "x.{Kind}.{customer}"));

        assertThat(LeanSettings.read(Configuration.from(properties)))
                .isEqualTo(new LeanSettings(
                        "a_slot",
                        "A_publication",
                        Map.of(
                                TableName.OUTBOX_MESSAGE,
                                List.of("id", "tenant_id", "subject", "payload", "headers"),
                                new TableName("shop", "out$box"),
                                List.of("id", "customer", "Kind", "payload"),
                                new TableName("outbox", "policy_change"),
                                List.of("object", "key", "policy", "xact")),
                        11,
                        3 << 20,
                        Duration.ofSeconds(1),
                        Duration.ofMillis(7)));
    }

    @Test
    void the_reader_decides_which_connector_runs() {
        assertThat(properties(Map.of())).containsEntry("connector.class", "dev.outboxrelay.source.LeanConnector");
        assertThat(properties(Map.of("outbox.source.reader", "stock")))
                .containsEntry("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
    }
}
