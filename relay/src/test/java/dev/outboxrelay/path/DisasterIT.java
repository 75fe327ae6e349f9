package dev.outboxrelay.path;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outboxrelay.cli.CommandLineRun;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The steps of {@code ops/guides/disaster-recovery.md} that no other test takes. */
final class DisasterIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private TestNats nats;
    private Connection client;

    @BeforeEach
    void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
    }

    @AfterEach
    void stop() {
        nats.close();
    }

    @Test
    void an_empty_nats_is_filled_again_from_the_outbox_tenant_by_tenant() throws Exception {
        List<String> tenants = List.of("big", "big", "small");
        try (Outbox outbox = Outbox.create("lost_nats")) {
            try (RelayRig rig = outbox.relay(nats, Map.of()).awaitStreaming()) {
                try (Load load = Load.startWithRowsOnly(outbox, tenants, 1, 51)) {
                    Streams.awaitMore(client, 200);
                }
                ExactlyOnce.demand(outbox, client);
            }
            Map<String, List<String>> before = outbox.committed();
            nats.close();

            nats = TestNats.start();
            client = nats.connection();
            try (RelayRig rig = outbox.relay(nats, Map.of()).awaitStreaming()) {
                for (String tenant : Set.copyOf(tenants)) {
                    JsonNode done = republish(outbox, tenant);
                    assertThat(done.at("/outcome/replayed").asInt())
                            .isEqualTo(requireNonNull(before.get(tenant)).size());
                }
                outbox.insert(Row.of("big"), Row.of("small"));

                Map<String, List<String>> all = outbox.committed();
                Await.until(
                        "what is new comes behind",
                        PATIENCE,
                        () -> Streams.idsOf(client, Set.copyOf(tenants)).equals(all));
            }
        }
    }

    @Test
    void a_database_restored_to_an_earlier_point_goes_on_and_doubles_nothing() throws Exception {
        try (Outbox lost = Outbox.create("before_restore")) {
            String slot = lost.slot();
            try (RelayRig rig = lost.relay(nats, Map.of()).awaitStreaming()) {
                lost.insert(rows(100));
                ExactlyOnce.demand(lost, client);
            }
            lost.insert(rows(20)); // pending in the backup, and published afterwards
            try (Outbox restored = lost.copy("restored")) {
                try (RelayRig rig = lost.relay(nats, Map.of()).awaitStreaming()) {
                    lost.insert(rows(50));
                    ExactlyOnce.demand(lost, client);
                }
                List<String> published = new ArrayList<>(Streams.ids(client, "acme"));
                lost.execute("SELECT pg_drop_replication_slot('" + slot + "')");
                restored.createSlot(slot);

                try (RelayRig rig = restored.relay(nats, Map.of("outbox.postgres.slot", slot))
                        .awaitStreaming()) {
                    List<Row> rows = rows(10);
                    restored.insert(rows);
                    rows.forEach(row -> published.add(row.id()));
                    Await.until("the new rows", PATIENCE, () -> Streams.size(client, Streams.of("acme")) >= 180);
                    restored.awaitAllMarked(PATIENCE);
                    assertThat(Streams.ids(client, "acme")).isEqualTo(published);
                }
            }
        }
    }

    private static List<Row> rows(int count) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rows.add(Row.of("acme"));
        }
        return rows;
    }

    private JsonNode republish(Outbox outbox, String tenant) {
        Map<String, String> environment = new TreeMap<>(Map.of(
                "OUTBOX_POSTGRES_URL", outbox.url(),
                "OUTBOX_POSTGRES_USER", TestPostgres.OPERATOR,
                "OUTBOX_POSTGRES_PASSWORD", outbox.postgres().password(TestPostgres.OPERATOR),
                "OUTBOX_POSTGRES_SLOT", outbox.slot(),
                "OUTBOX_NATS_URL", nats.url()));
        return CommandLineRun.of(environment, "republish", "--json", "--tenant", tenant, "--wait")
                .is(0)
                .json();
    }
}
