package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import io.nats.client.api.DiscardPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bursts that do not fit into memory wait on disk: nobody else notices, nothing is parked, order stays. */
final class SpillIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static int databases;

    @TempDir
    private Path folder;

    private Path disk;
    private Outbox outbox;
    private TestNats nats;
    private Connection client;

    @BeforeEach
    void start() throws Exception {
        disk = Files.createDirectory(folder.resolve("spill"));
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("spill_" + databases++);
    }

    @AfterEach
    void stop() throws Exception {
        nats.close();
        outbox.close();
    }

    private Map<String, String> settings(String... more) {
        Map<String, String> settings = new TreeMap<>(
                Map.of("outbox.lanes.spill-directory", disk.toString(), "outbox.lanes.tenant-max-events", "500"));
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        return settings;
    }

    private ZonedDateTime storedAt(String tenant, long sequence) throws Exception {
        return client.jetStreamManagement()
                .getMessage(Streams.of(tenant), sequence)
                .getTime();
    }

    private void burst(String tenant, int rows, int bytes) throws Exception {
        outbox.execute("INSERT INTO outbox.message (tenant_id, subject, payload) SELECT '" + tenant
                + "', 'events.burst', convert_to(repeat('x', " + bytes + "), 'UTF8') FROM generate_series(1, " + rows
                + ")");
    }

    @Test
    void a_burst_waits_on_disk_and_delays_nobody() throws Exception {
        try (RelayRig rig = outbox.relay(nats, settings())) {
            rig.awaitStreaming();
            Neighbours neighbours = Neighbours.beside(outbox, client);
            burst("acme", 20_000, 300);
            outbox.insert(Row.of("quiet"));
            Await.until("a quiet event gets through", PATIENCE, () -> Streams.size(client, Streams.of("quiet")) == 1);
            Await.until("the burst is through", PATIENCE, () -> Streams.size(client, Streams.of("acme")) == 20_000);
            assertThat(storedAt("quiet", 1))
                    .as("behind all of the burst in the WAL, and stored while it goes on")
                    .isBefore(storedAt("acme", 20_000));
            outbox.insert(Row.of("acme"));

            neighbours.finish();
            ExactlyOnce.demand(outbox, client);
        }
        assertThat(outbox.count("outbox.dead_letter WHERE tenant_id <> 'broken'"))
                .as("parked")
                .isZero();
        assertThat(disk).isEmptyDirectory();
    }

    @Test
    void killed_in_the_middle_of_bursts_nothing_is_missing_doubled_or_out_of_order() throws Exception {
        SplittableRandom random = new SplittableRandom(5);
        Set<String> dead = new HashSet<>();
        Map<String, String> settings = outbox.settings(nats, settings());
        for (int kill = 0; kill < 4; kill++) {
            burst("acme", 6_000, 200);
            burst("__-Oddly-NAMED-0_", 1_500, 0);
            Row bad = Row.of("acme", "a..b");
            dead.add(bad.id());
            outbox.insert(Row.of("quiet"), bad, Row.of("acme"));
            try (RelayProcess relay = RelayProcess.start(settings, folder.resolve("relay.log"))) {
                long before = Streams.total(client);
                long more = random.nextLong(1, 4_000);
                Await.until(more + " more messages after start " + kill, () -> Streams.total(client) >= before + more);
                relay.kill();
            }
            assertThat(disk).as("what a killed relay leaves behind").isEmptyDirectory();
        }
        try (RelayRig rig = outbox.relay(nats, settings())) {
            rig.awaitStreaming();
            ExactlyOnce.demand(outbox, client, dead);
        }
    }

    @Test
    void without_room_on_disk_the_wal_is_the_buffer() throws Exception {
        try (RelayRig rig = outbox.relay(nats, settings("outbox.lanes.spill-max-bytes", "1MB"))) {
            rig.awaitStreaming();
            burst("acme", 8_000, 1_000);
            outbox.insert(Row.of("quiet"), Row.of("acme"));
            ExactlyOnce.demand(outbox, client);
        }
        assertThat(outbox.count("outbox.dead_letter")).isZero();
    }

    /** What the source holds of one lot is more than the tenant may keep in memory, and the disk has no room for it. */
    @Test
    void a_lot_that_fits_neither_in_memory_nor_on_disk_gets_through() throws Exception {
        try (RelayRig rig = outbox.relay(
                nats, settings("outbox.lanes.tenant-max-events", "20", "outbox.lanes.spill-max-bytes", "1MB"))) {
            rig.awaitStreaming();
            burst("acme", 4_000, 1_000);
            outbox.insert(Row.of("quiet"), Row.of("acme"));
            ExactlyOnce.demand(outbox, client);
        }
        assertThat(outbox.count("outbox.dead_letter")).isZero();
    }

    @Test
    void a_tenant_that_is_blocked_is_parked_from_disk_too_and_goes_on_in_order() throws Exception {
        client.jetStreamManagement()
                .addStream(Streams.preparedFor("full")
                        .discardPolicy(DiscardPolicy.New)
                        .maxMessages(10)
                        .build());
        try (RelayRig rig = outbox.relay(nats, settings("outbox.lanes.park-after", "300ms"))) {
            Neighbours neighbours = Neighbours.beside(outbox, client);
            rig.awaitStreaming();
            burst("full", 5_000, 100);
            Await.until(
                    "what the stream refuses is parked",
                    PATIENCE,
                    () -> outbox.count("outbox.dead_letter WHERE state = 'parked' AND tenant_id = 'full'") == 4_990);

            client.jetStreamManagement()
                    .updateStream(Streams.preparedFor("full")
                            .discardPolicy(DiscardPolicy.New)
                            .maxMessages(1_000_000)
                            .build());
            burst("full", 1_000, 100);

            neighbours.finish();
            ExactlyOnce.demand(outbox, client);
        }
        assertThat(outbox.count("outbox.dead_letter WHERE state <> 'sent'")).isZero();
    }

    @Test
    void nats_away_during_a_burst() throws Exception {
        try (RelayRig rig = outbox.relay(nats, settings())) {
            rig.awaitStreaming();
            outbox.insert(Row.of("acme"));
            Await.until("it flows", PATIENCE, () -> Streams.size(client, Streams.of("acme")) == 1);
            nats.kill();
            burst("acme", 5_000, 300);
            burst("other", 5_000, 300);
            String end = outbox.value("SELECT pg_current_wal_lsn()");
            Await.until("all of it was sent to the relay", PATIENCE, () -> isSent(end));
            nats.restart();
            client = nats.connection();
            ExactlyOnce.demand(outbox, client);
        }
        assertThat(outbox.count("outbox.dead_letter")).isZero();
    }

    private boolean isSent(@Nullable String end) throws Exception {
        try (var superuser = outbox.superuser();
                Statement statement = superuser.createStatement();
                ResultSet result = statement.executeQuery("SELECT 1 FROM pg_stat_replication r"
                        + " JOIN pg_replication_slots s ON s.active_pid = r.pid WHERE s.slot_name = '" + outbox.slot()
                        + "' AND r.sent_lsn >= '" + end + "'")) {
            return result.next();
        }
    }

    @Test
    void a_directory_that_cannot_be_written_is_refused_at_the_start() {
        Map<String, String> settings = settings(
                "outbox.lanes.spill-directory", folder.resolve("absent").toString());
        try (RelayRig rig = outbox.relay(nats, settings)) {
            assertThat(rig.refusal().problems()).singleElement().asString().contains("outbox.lanes.spill-directory");
        }
    }
}
