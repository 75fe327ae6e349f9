package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outboxrelay.cli.CommandLineRun;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.PostgresStandby;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The primary dies and a physical standby is promoted, behind a URL that names both. Always on PostgreSQL 18, in
 * processes of this machine: slots are synchronised since 17, and a standby is a copy of files.
 */
final class PromotionIT {

    private static final List<String> TENANTS = List.of("big", "big", "big", "small", "t-1", "t-2");
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    private TestPostgres postgres;
    private PostgresStandby standby;
    private TestNats nats;
    private Connection client;
    private Outbox outbox;
    private final List<RelayProcess> relays = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        postgres = TestPostgres.startProcess(SharedPostgres.options().onVersion(18));
        standby = postgres.addStandby();
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.withoutSlots(postgres, "promotion");
    }

    @AfterEach
    void stop() {
        relays.forEach(RelayProcess::close);
        nats.close();
        postgres.close();
    }

    @Test
    void a_promotion_under_load_loses_doubles_and_reorders_nothing() throws Exception {
        outbox.createFailoverSlots();
        standby.awaitSynchronised(outbox.database(), outbox.slot());
        standby.awaitSynchronised(outbox.database(), outbox.witness());
        relay().awaitReady();
        relay().awaitReady();
        Row bad = Row.of("t-1", "not..valid");
        try (Load load = Load.start(outbox, TENANTS, 3, 21)) {
            outbox.insert(bad);
            awaitMore(300);
            standby.awaitSynchronised(outbox.database(), outbox.slot());
            standby.stopSynchronising(); // so that the copy lags: what is published from here on comes again
            awaitMore(300);
            assertThat(load.rows()).isPositive();

            long killed = System.nanoTime();
            postgres.kill();
            Await.until("nobody leads", PATIENCE, () -> leader() == null);
            standby.promote();
            long promoted = System.nanoTime();

            RelayProcess leader = Await.value("an instance leads again", PATIENCE, this::leader);
            System.out.printf(
                    "take-over after the primary's death: %d ms, of which %d ms after the promotion%n",
                    Duration.ofNanos(System.nanoTime() - killed).toMillis(),
                    Duration.ofNanos(System.nanoTime() - promoted).toMillis());
            awaitMore(300);
            assertThat(leader.metric("outbox_relay_events_duplicate_total"))
                    .as("what came again was found by positions of the earlier timeline")
                    .isPositive();
            assertThat(leader.metric("outbox_relay_retries_total{cause=\"fence_unusable\"}"))
                    .as("no position was refused")
                    .isZero();
        }
        ExactlyOnce.demand(outbox, client, Set.of(bad.id()));
        assertThat(Streams.messages(client, "TENANT_BIG"))
                .extracting(message ->
                        message.getHeaders().getFirst("Outbox-Position").split(";", -1)[3])
                .as("timelines")
                .startsWith("1")
                .endsWith("2");
        assertThat(relays.stream().filter(RelayProcess::isAlive)).hasSize(2);
        assertThat(outbox.value("SELECT term > 1 FROM outbox.leader")).isEqualTo("t");
    }

    @Test
    void a_slot_that_was_not_synchronised_is_a_clear_refusal_and_a_new_one_is_taken() throws Exception {
        outbox.createSlots();
        RelayProcess running = relay().awaitReady();
        outbox.insert(Row.of("big"));
        ExactlyOnce.demand(outbox, client);
        standby.awaitCaughtUp();
        theStandbyAloneFailsTheCheckAndItsRemedyMendsIt();

        postgres.kill();
        standby.promote();

        Await.until(
                "the running one says what is missing",
                PATIENCE,
                () -> String.valueOf(running.page("/api/status")).contains(refusal()));
        assertThat(running.page("/readyz")).isNull();
        assertThat(running.log()).contains(refusal()).contains("pg_create_logical_replication_slot");
        running.close();
        RelayProcess fresh = relay();
        Await.until("a new one ends", PATIENCE, () -> !fresh.isAlive());
        assertThat(fresh.exitValue()).isEqualTo(2);
        assertThat(fresh.log()).contains(refusal()).contains("pg_create_logical_replication_slot");

        outbox.createSlots();
        relay().awaitReady();
        outbox.insert(Row.of("big"));
        Await.until("the second message", PATIENCE, () -> Streams.size(client, "TENANT_BIG") == 2);
    }

    private void theStandbyAloneFailsTheCheckAndItsRemedyMendsIt() {
        Map<String, String> environment = CommandLineRun.environment(outbox.settings(nats, Map.of()));
        String address = "127.0.0.1:" + standby.port();
        environment.put("OUTBOX_POSTGRES_URL", "jdbc:postgresql://" + address + "/" + outbox.database());
        JsonNode failed = CommandLineRun.check(environment, "postgres-primary", 1);
        assertThat(failed.path("status").asText()).isEqualTo("fail");

        String[] remedy = failed.at("/findings/0/remedies/0/run").asText().split(": ", 2);
        assertThat(remedy[0]).isEqualTo("outbox.postgres.url");
        environment.put(
                "OUTBOX_POSTGRES_URL",
                remedy[1]
                        .replace("PRIMARY:5432", "127.0.0.1:" + postgres.port())
                        .replace("STANDBY:5432", address));
        assertThat(CommandLineRun.check(environment, "postgres-primary", 0)
                        .path("status")
                        .asText())
                .isEqualTo("pass");
    }

    private String refusal() {
        return "replication slot " + outbox.slot() + " does not exist: it was never made, was dropped, or was not"
                + " synchronised to the standby that is the primary now";
    }

    private @org.jspecify.annotations.Nullable RelayProcess leader() throws Exception {
        for (RelayProcess relay : relays) {
            if (relay.leads()) {
                return relay;
            }
        }
        return null;
    }

    private RelayProcess relay() throws Exception {
        RelayProcess relay =
                RelayProcess.start(outbox.settings(nats, Map.of()), folder.resolve("relay-" + relays.size() + ".log"));
        relays.add(relay);
        return relay;
    }

    private void awaitMore(int messages) throws Exception {
        Streams.awaitMore(client, messages);
    }
}
