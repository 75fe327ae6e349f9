package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StreamConfiguration;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A tenant that is blocked, bursts or holds is parked: nobody else notices, WAL is recycled, nothing is lost. */
final class ParkingIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static int databases;

    private Outbox outbox;
    private TestNats nats;
    private Connection client;

    @BeforeEach
    void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("parking_" + databases++);
    }

    @AfterEach
    void stop() throws Exception {
        nats.close();
        outbox.close();
    }

    private static Map<String, String> soon(String... more) {
        Map<String, String> settings = new TreeMap<>(Map.of("outbox.lanes.park-after", "300ms"));
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        return settings;
    }

    private static List<Row> rows(String tenant, int count) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rows.add(Row.of(tenant));
        }
        return rows;
    }

    private int parked() throws Exception {
        return outbox.count("outbox.dead_letter WHERE state = 'parked' AND tenant_id <> 'broken'");
    }

    private void makeFull(String tenant, int limit) throws Exception {
        client.jetStreamManagement().addStream(full(tenant, limit));
    }

    private void makeRoom(String tenant) throws Exception {
        client.jetStreamManagement().updateStream(full(tenant, 1_000_000));
    }

    private static StreamConfiguration full(String tenant, int limit) {
        return Streams.preparedFor(tenant)
                .discardPolicy(DiscardPolicy.New)
                .maxMessages(limit)
                .build();
    }

    private String confirmed() throws Exception {
        return String.valueOf(outbox.value("SELECT confirmed_flush_lsn >= '" + mark + "' FROM pg_replication_slots"
                + " WHERE slot_name = '" + outbox.slot() + "'"));
    }

    private String mark = "";

    private void markWal() throws Exception {
        mark = String.valueOf(outbox.value("SELECT pg_current_wal_lsn()"));
    }

    @Test
    void a_full_stream_is_parked_and_goes_on_in_order_once_there_is_room() throws Exception {
        makeFull("full", 10);
        try (RelayRig rig = outbox.relay(nats, soon())) {
            Neighbours neighbours = Neighbours.beside(outbox, client);
            rig.awaitStreaming();
            outbox.insert(rows("full", 500));
            Await.until("what the stream refuses is parked", PATIENCE, () -> parked() == 490);
            outbox.insert(rows("full", 200));
            Await.until("what comes later too", PATIENCE, () -> parked() == 690);
            markWal();
            Await.until(
                    "the slot is confirmed beyond it",
                    PATIENCE,
                    () -> confirmed().equals("t"));
            assertThat(Streams.size(client, Streams.of("full"))).isEqualTo(10);

            makeRoom("full");

            Await.until("everything is there", PATIENCE, () -> Streams.size(client, Streams.of("full")) == 700);
            outbox.insert(rows("full", 50));
            neighbours.finish();
            outbox.awaitAllMarked(PATIENCE);
        }
        assertThat(Streams.ids(client, "full")).isEqualTo(outbox.committed().get("full"));
        assertThat(outbox.count("outbox.dead_letter WHERE state <> 'sent'")).isZero();
    }

    @Test
    void parked_events_outlive_the_relay() throws Exception {
        makeFull("full", 10);
        try (RelayRig rig = outbox.relay(nats, soon())) {
            rig.awaitStreaming();
            outbox.insert(rows("full", 300));
            Await.until("parked", PATIENCE, () -> parked() == 290);
        }
        outbox.insert(rows("full", 300));
        makeRoom("full");

        try (RelayRig rig = outbox.relay(nats, soon())) {
            Neighbours neighbours = Neighbours.beside(outbox, client);
            rig.awaitStreaming();
            neighbours.finish();
            outbox.awaitAllMarked(PATIENCE);
        }

        assertThat(Streams.ids(client, "full")).isEqualTo(outbox.committed().get("full"));
        assertThat(parked()).isZero();
    }

    @Test
    void a_burst_beyond_what_one_tenant_may_keep_in_memory_is_parked_and_stays_in_order() throws Exception {
        try (RelayRig rig = outbox.relay(
                nats,
                soon(
                        "outbox.lanes.tenant-max-events",
                        "200",
                        "outbox.lanes.window",
                        "10",
                        "outbox.lanes.park-after",
                        "5s"))) {
            Neighbours neighbours = Neighbours.beside(outbox, client);
            rig.awaitStreaming();
            outbox.insert(rows("noisy", 6_000));
            outbox.insert(rows("noisy", 100));
            neighbours.finish();
            outbox.awaitAllMarked(PATIENCE);
        }
        assertThat(outbox.count("outbox.dead_letter WHERE state = 'sent'")).isPositive();
        assertThat(Streams.ids(client, "noisy")).isEqualTo(outbox.committed().get("noisy"));
    }

    /** The lane asks, nothing is there; before the answer comes, a burst is parked and the lane is told of that. */
    @Test
    void what_is_parked_behind_the_read_of_the_table_is_sent_before_what_comes_later() throws Exception {
        outbox.execute("CREATE FUNCTION public.gate() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN"
                + " IF current_query() LIKE 'WITH next AS%' THEN PERFORM pg_advisory_xact_lock_shared(4712); END IF;"
                + " RETURN true; END $$");
        // asked for each statement that meets a row, behind the moment that decides what the statement sees
        outbox.execute("ALTER TABLE outbox.dead_letter ENABLE ROW LEVEL SECURITY");
        outbox.execute("CREATE POLICY waits ON outbox.dead_letter USING ((SELECT public.gate())) WITH CHECK (true)");
        for (String way : List.of("indexscan", "indexonlyscan", "bitmapscan")) { // which may find no row to ask for
            outbox.execute("DO $$ BEGIN EXECUTE format('ALTER ROLE outbox_relay IN DATABASE %I SET enable_" + way
                    + " = off', current_database()); END $$");
        }
        try (RelayRig rig = outbox.relay(
                        nats, soon("outbox.lanes.tenant-max-events", "50", "outbox.lanes.park-after", "30s"));
                java.sql.Connection gate = outbox.as(TestPostgres.OPERATOR)) {
            rig.awaitStreaming();
            outbox.insert(List.of(Row.of("other", "a..b")));
            outbox.insert(rows("asked", 5));
            Await.until("they are there", PATIENCE, () -> Streams.size(client, Streams.of("asked")) == 5);
            Await.until("a row is there", PATIENCE, () -> outbox.count("outbox.dead_letter") == 1);
            lock(gate, "pg_advisory_lock");
            outbox.execute("INSERT INTO outbox.tenant (tenant_id, poison) VALUES ('asked', 'hold')");
            Await.until(
                    "the table is being read",
                    PATIENCE,
                    () -> outbox.count("pg_locks WHERE locktype = 'advisory' AND objid = 4712 AND NOT granted") == 1);
            outbox.insert(rows("asked", 300));
            Await.until("they are parked", PATIENCE, () -> parked() == 300 && told(rig, "asked") == 300);

            lock(gate, "pg_advisory_unlock");

            outbox.insert(rows("asked", 20));
            outbox.awaitAllMarked(PATIENCE);
        }
        assertThat(Streams.ids(client, "asked")).isEqualTo(outbox.committed().get("asked"));
    }

    private static void lock(java.sql.Connection connection, String function) throws Exception {
        try (java.sql.Statement statement = connection.createStatement()) {
            statement.execute("SELECT " + function + "(4712)");
        }
    }

    /** How many parked events the lane knows of. */
    private static long told(RelayRig rig, String tenant) {
        return rig.relay().status().tenants().stream()
                .filter(status -> status.tenant().equals(tenant))
                .mapToLong(status -> status.parked())
                .sum();
    }

    @Test
    void a_tenant_that_holds_waits_behind_its_dead_letter_and_keeps_its_order() throws Exception {
        Row bad = Row.of("holding", "a..b");
        outbox.execute("INSERT INTO outbox.tenant (tenant_id, poison) VALUES ('holding', 'hold')");
        try (RelayRig rig = outbox.relay(nats, soon())) {
            Neighbours neighbours = Neighbours.beside(outbox, client);
            rig.awaitStreaming();
            outbox.insert(rows("holding", 5));
            outbox.insert(bad);
            outbox.insert(rows("holding", 20));
            Await.until("what comes behind is parked", PATIENCE, () -> parked() == 20);
            assertThat(Streams.size(client, Streams.of("holding"))).isEqualTo(5);

            outbox.execute(
                    "UPDATE outbox.dead_letter SET state = 'replaying', replay_subject = 'a.b' WHERE state = 'dead'");

            Await.until("all of it goes out", PATIENCE, () -> Streams.size(client, Streams.of("holding")) == 26);
            neighbours.finish();
            outbox.awaitAllMarked(PATIENCE);
        }
        assertThat(Streams.ids(client, "holding")).isEqualTo(outbox.committed().get("holding"));
        assertThat(outbox.status(bad.id())).isEqualTo("published");
    }

    @Test
    void the_wal_budget_parks_even_while_nats_is_away() throws Exception {
        try (RelayRig rig = outbox.relay(nats, soon("outbox.postgres.wal-budget", "64MB"))) {
            rig.awaitStreaming();
            outbox.insert(rows("pinning", 5));
            outbox.awaitAllMarked(PATIENCE);
            nats.kill();
            outbox.insert(rows("pinning", 30));
            outbox.execute("CREATE TABLE other (x text); ALTER TABLE other ALTER x SET STORAGE EXTERNAL");
            Await.until("the tenant that pins the slot is parked", PATIENCE, () -> {
                outbox.execute("INSERT INTO other SELECT repeat(md5(g::text), 200) FROM generate_series(1, 2000) g");
                return parked() == 30;
            });
            nats.restart();
            outbox.insert(rows("pinning", 5));
            outbox.awaitAllMarked(PATIENCE);
        }
        assertThat(Streams.ids(client, "pinning")).isEqualTo(outbox.committed().get("pinning"));
    }

    @Test
    void while_much_WAL_is_kept_parked_events_go_out_slowly_and_others_as_fast_as_ever() throws Exception {
        makeFull("full", 10);
        outbox.execute("CREATE TABLE other (x text); ALTER TABLE other ALTER x SET STORAGE EXTERNAL");
        try (RelayRig rig = outbox.relay(nats, soon("outbox.postgres.wal-budget", "64MB"));
                java.sql.Connection report = outbox.superuser()) {
            Neighbours neighbours = Neighbours.beside(outbox, client);
            rig.awaitStreaming();
            outbox.insert(rows("full", 2_510));
            Await.until("what the stream refuses is parked", PATIENCE, () -> parked() == 2_500);
            report.setAutoCommit(false);
            report.createStatement().execute("INSERT INTO other VALUES ('a transaction that lasts')");
            outbox.execute("INSERT INTO other SELECT repeat(md5(g::text), 200) FROM generate_series(1, 6000) g");
            Await.until(
                    "the relay knows it",
                    PATIENCE,
                    () -> Objects.requireNonNullElse(rig.relay().status().slot().retainedBytes(), 0L) > 33_000_000);

            long begin = System.nanoTime();
            makeRoom("full");
            neighbours.finish();
            Await.until("everything is there", PATIENCE, () -> Streams.size(client, Streams.of("full")) == 2_510);

            // 500 a second, and one batch more
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofSeconds(3));
            assertThat(parked()).isLessThan(600);
            report.rollback();
            outbox.awaitAllMarked(PATIENCE);
        }
        assertThat(Streams.ids(client, "full")).isEqualTo(outbox.committed().get("full"));
    }
}
