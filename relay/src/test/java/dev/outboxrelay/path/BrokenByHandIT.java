package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Somebody takes slot or publication away while the relay runs: it says so, is no longer ready, waits, and goes on by
 * itself when it is mended. Rows that the WAL no longer brings are taken from the table.
 */
final class BrokenByHandIT {

    private static final String PUBLICATION = "CREATE PUBLICATION outbox FOR TABLE"
            + " outbox.message (id, tenant_id, subject, payload, headers) WITH (publish = 'insert')";
    private static final Duration DEADLINE = Duration.ofSeconds(60);
    private static int databases;

    private TestNats nats;
    private Connection client;
    private Outbox outbox;

    @BeforeEach
    void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("broken_by_hand_" + databases++);
    }

    @AfterEach
    void stop() throws Exception {
        nats.close();
        outbox.close();
    }

    @Test
    void a_publication_that_is_dropped() throws Exception {
        try (RelayRig rig = outbox.relay(nats, Map.of()).awaitStreaming()) {
            Row before = insertAndAwait();

            outbox.execute("DROP PUBLICATION outbox");

            awaitSaid(rig, "publication outbox does not exist in database " + outbox.database());
            Row without = Row.of("acme");
            outbox.insert(without);
            outbox.execute(PUBLICATION);
            if (outbox.version() < 18) {
                awaitSaid(rig, "before publication outbox was created");
                advanceSlot();
            }
            Await.until(
                    "it streams again",
                    DEADLINE,
                    () -> rig.relay().status().source().connected());
            Row after = insertAndAwait();
            assertThat(Streams.ids(client, "acme")).isEqualTo(List.of(before.id(), without.id(), after.id()));
            assertThat(outbox.status(without.id())).isEqualTo("published");
        }
    }

    @Test
    void a_table_that_is_taken_out_of_the_publication() throws Exception {
        try (RelayRig rig = outbox.relay(nats, Map.of()).awaitStreaming()) {
            insertAndAwait();

            outbox.execute("ALTER PUBLICATION outbox DROP TABLE outbox.message");

            awaitSaid(rig, "publication outbox does not publish table outbox.message");
            Row without = Row.of("acme");
            outbox.insert(without);
            outbox.execute("ALTER PUBLICATION outbox ADD TABLE"
                    + " outbox.message (id, tenant_id, subject, payload, headers)");
            Await.until(
                    "it streams again",
                    DEADLINE,
                    () -> rig.relay().status().source().connected());
            insertAndAwait();
            assertThat(outbox.status(without.id())).isEqualTo("published");
        }
    }

    @Test
    void a_slot_that_is_dropped() throws Exception {
        try (RelayRig rig = outbox.relay(nats, Map.of()).awaitStreaming()) {
            insertAndAwait();

            Await.until("the slot is dropped", DEADLINE, () -> {
                outbox.execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '"
                        + outbox.slot() + "' AND active_pid IS NOT NULL");
                outbox.execute("SELECT pg_drop_replication_slot('" + outbox.slot() + "')");
                return true;
            });

            awaitSaid(rig, "replication slot " + outbox.slot() + " does not exist");
            Row without = Row.of("acme");
            outbox.insert(without);
            outbox.execute("SELECT pg_create_logical_replication_slot('" + outbox.slot() + "', 'pgoutput')");
            Await.until(
                    "it streams again",
                    DEADLINE,
                    () -> rig.relay().status().source().connected());
            Row after = insertAndAwait();
            assertThat(Streams.ids(client, "acme")).hasSize(3).endsWith(without.id(), after.id());
            assertThat(outbox.status(without.id())).isEqualTo("published");
        }
    }

    @Test
    void a_slot_that_loses_its_wal_while_nats_is_away() throws Exception {
        try (TestPostgres own = TestPostgres.start(SharedPostgres.options().with("max_slot_wal_keep_size", "1MB"))) {
            Outbox small = Outbox.withoutSlots(own, "small_wal");
            String create = "SELECT pg_create_logical_replication_slot('" + small.slot() + "', 'pgoutput')";
            small.execute(create);
            try (RelayRig rig = small.relay(nats, Map.of()).awaitStreaming()) {
                nats.stop();
                Row lost = Row.of("acme");
                small.insert(lost);
                Await.until("the slot's WAL is removed", DEADLINE, () -> {
                    small.execute("CREATE TABLE filler AS SELECT repeat('x', 100)");
                    small.execute("DROP TABLE filler");
                    small.execute("SELECT pg_switch_wal()");
                    small.execute("CHECKPOINT");
                    return small.count("pg_replication_slots WHERE wal_status = 'lost'") == 1;
                });

                awaitSaid(rig, "replication slot " + small.slot() + " is lost");
                small.execute("SELECT pg_drop_replication_slot('" + small.slot() + "')");
                small.execute(create);
                nats.restart();
                Row after = Row.of("acme");
                Await.until(
                        "it streams again",
                        DEADLINE,
                        () -> rig.relay().status().source().connected());
                small.insert(after);
                Await.until(
                        "the row goes through",
                        DEADLINE,
                        () -> Streams.ids(client, "acme").equals(List.of(lost.id(), after.id())));
                small.awaitAllMarked(DEADLINE);
            }
        }
    }

    private Row insertAndAwait() throws Exception {
        Row row = Row.of("acme");
        outbox.insert(row);
        Await.until(
                "the row goes through",
                DEADLINE,
                () -> Streams.ids(client, "acme").contains(row.id()));
        Await.until("and is marked", DEADLINE, () -> "published".equals(outbox.status(row.id())));
        return row;
    }

    private static void awaitSaid(RelayRig rig, String problem) {
        Await.until("it says that " + problem, DEADLINE, () -> {
            var source = rig.relay().status().source();
            return !source.connected() && String.valueOf(source.lastError()).contains(problem);
        });
    }

    private void advanceSlot() {
        Await.until("the slot is advanced", DEADLINE, () -> {
            outbox.execute("SELECT pg_replication_slot_advance('" + outbox.slot() + "', pg_current_wal_lsn())");
            return true;
        });
    }
}
