package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Rows that were pending before the slot was, or that a slot which was lost did not hold: they go out once, before what
 * the slot brings, while applications go on writing. A witness slot that is older than every row knows what was
 * committed, and in which order.
 */
final class DayOneIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final List<String> TENANTS =
            List.of("noisy", "noisy", "noisy", "noisy", "silent", "__-Oddly-NAMED-0_");
    private static final String INVALID = "no tenant of ours!";

    private static TestNats nats;
    private static Connection client;
    private static int databases;

    @TempDir
    private Path folder;

    private Outbox outbox;
    private Map<String, String> settings;

    @BeforeAll
    static void startNats() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
    }

    @AfterAll
    static void stopNats() {
        nats.close();
    }

    @BeforeEach
    void create() throws Exception {
        outbox = Outbox.withoutSlots(SharedPostgres.get(), "day_one_" + databases++);
        createSlot(outbox.witness());
        settings = outbox.settings(nats, Map.of());
    }

    @AfterEach
    void drop() throws Exception {
        for (String stream : client.jetStreamManagement().getStreamNames()) {
            client.jetStreamManagement().deleteStream(stream);
        }
        outbox.close();
    }

    @Test
    void on_day_one_under_load_every_row_goes_out_once_and_before_what_is_new() throws Exception {
        fill("noisy", 3_000);
        fill("silent", 5);
        Row invalid = Row.of(INVALID);
        Row wild = Row.of("silent", "events.*");
        Row reserved = Row.of("noisy").withHeaders("{\"Nats-Rollup\": \"all\"}");
        outbox.insert(invalid, wild, Row.of("silent"), reserved, Row.of("__-Oddly-NAMED-0_"));
        List<String> old = new ArrayList<>();
        outbox.committed().values().forEach(old::addAll);
        try (Load load = Load.start(outbox, TENANTS, 4, 11)) {
            Await.until("rows before the slot", () -> load.rows() > 50);
            createSlot(outbox.slot());
            Map<String, Integer> pending = sizes(outbox.committed());
            long made = load.rows();
            Await.until("rows after the slot", () -> load.rows() > made + 200);
            try (RelayRig rig = outbox.relay(nats, Map.of()).awaitStreaming()) {
                long streaming = load.rows();
                Await.until("live rows", () -> load.rows() > streaming + 100);
                load.stop();

                demand(pending, Set.of(invalid.id(), wild.id(), reserved.id()));
                assertThat(outbox.value("SELECT string_agg(reason, ',' ORDER BY reason) FROM outbox.dead_letter"
                                + " WHERE state = 'dead'"))
                        .isEqualTo("invalid_headers,invalid_subject,invalid_tenant");
                // taken from the table, every one that is older than the slot
                assertThat(outbox.count("outbox.dead_letter WHERE from_table AND event_id = ANY ('{"
                                + String.join(",", old) + "}')"))
                        .isEqualTo(old.size() - 3);
                assertThat(outbox.count("outbox.dead_letter WHERE from_table")).isLessThan(old.size() + 200);
                assertThat(outbox.value("SELECT state FROM outbox.backlog")).isEqualTo("done");
            }
        }
    }

    @Test
    void killed_while_it_takes_them_and_while_it_sends_them_it_goes_on() throws Exception {
        fill("noisy", 6_000);
        fill("silent", 50);
        createSlot(outbox.slot());
        Map<String, Integer> pending = sizes(outbox.committed());
        try (Load load = Load.start(outbox, TENANTS, 2, 12)) {
            killAfterTheFirstPart();
            assertThat(outbox.count("outbox.dead_letter")).isBetween(1, 5_000);
            assertThat(outbox.value("SELECT state FROM outbox.backlog")).isEqualTo("taking");
            for (int kill = 0; kill < 2; kill++) {
                try (RelayProcess relay = startRelay().awaitReady()) {
                    long before = Streams.total(client);
                    Await.until("some are sent", () -> Streams.total(client) > before + 300);
                    relay.kill();
                }
            }
            assertThat(Streams.total(client)).isLessThan(6_000);
            load.stop();
            try (RelayProcess relay = startRelay()) {
                demand(pending, Set.of());
                // the second and the third start knew the slot again
                assertThat(occurrences(relay.log(), "pending rows are taken")).isEqualTo(1);
            }
        }
    }

    @Test
    void a_slot_that_was_lost_and_made_anew_under_load_brings_no_row_twice_and_loses_none() throws Exception {
        createSlot(outbox.slot());
        try (Load load = Load.start(outbox, TENANTS, 4, 13);
                java.sql.Connection locker = outbox.superuser()) {
            try (RelayProcess relay = startRelay().awaitReady()) {
                Await.until("300 messages", () -> Streams.total(client) >= 300);
                Row held = Row.of("silent");
                outbox.insert(held);
                locker.setAutoCommit(false);
                try (Statement statement = locker.createStatement()) {
                    // neither this row nor what follows can be marked, and all of it is published
                    statement.execute("SELECT FROM outbox.message WHERE id = '" + held.id() + "' FOR UPDATE");
                    statement.execute("SELECT FROM outbox.leader FOR UPDATE");
                }
                long before = Streams.total(client);
                Await.until("200 messages more", () -> Streams.total(client) >= before + 200);
                relay.kill();
            }
            locker.rollback();
            assertThat(outbox.count("outbox.message WHERE status = 'pending'")).isGreaterThan(150);
            Await.until("the slot is dropped", () -> {
                outbox.execute("SELECT pg_drop_replication_slot('" + outbox.slot() + "')");
                return true;
            });
            long lost = load.rows();
            Await.until("rows that no slot has", () -> load.rows() > lost + 100);
            createSlot(outbox.slot());
            Map<String, Integer> pending = sizes(outbox.committed());
            long made = load.rows();
            Await.until("rows that the new slot has", () -> load.rows() > made + 50);
            try (RelayProcess relay = startRelay().awaitReady()) {
                long live = load.rows();
                Await.until("live rows", () -> load.rows() > live + 100);
                load.stop();
                demand(pending, Set.of());
                assertThat(relay.log()).contains("made anew");
                assertThat(Integer.parseInt(String.valueOf(outbox.value("SELECT found FROM outbox.backlog"))))
                        .isGreaterThan(100);
            }
        }
    }

    @Test
    void a_slot_that_somebody_moved_past_rows_is_noticed_and_one_left_alone_is_known_again() throws Exception {
        createSlot(outbox.slot());
        outbox.insert(Row.of("silent"));
        try (RelayRig rig = outbox.relay(nats, Map.of()).awaitStreaming()) {
            outbox.awaitAllMarked(PATIENCE);
        }
        outbox.insert(Row.of("silent"), Row.of("silent"));
        String since = outbox.value("SELECT since FROM outbox.backlog");
        try (RelayRig rig = outbox.relay(nats, Map.of()).awaitStreaming()) {
            outbox.awaitAllMarked(PATIENCE);
            assertThat(outbox.value("SELECT since FROM outbox.backlog")).isEqualTo(since);
        }
        outbox.insert(Row.of("silent"), Row.of("silent"));
        outbox.execute("SELECT pg_replication_slot_advance('" + outbox.slot() + "', pg_current_wal_lsn())");
        outbox.insert(Row.of("silent"));

        try (RelayRig rig = outbox.relay(nats, Map.of()).awaitStreaming()) {
            demand(sizes(outbox.committed()), Set.of());
        }
        assertThat(outbox.value("SELECT since FROM outbox.backlog")).isNotEqualTo(since);
        // what was behind the slot's new place came from the slot
        assertThat(outbox.count("outbox.dead_letter WHERE from_table")).isEqualTo(2);
    }

    @Test
    void a_new_slot_name_takes_over_what_waits_under_one_that_is_no_more() throws Exception {
        createSlot(outbox.slot());
        try (RelayRig rig = outbox.relay(nats, Map.of()).awaitStreaming()) {
            outbox.execute("INSERT INTO outbox.tenant (tenant_id, paused) VALUES ('silent', true)");
            outbox.insert(Row.of("silent"), Row.of("silent"), Row.of("noisy"));
            Await.until("two are parked", () -> outbox.count("outbox.dead_letter WHERE state = 'parked'") == 2);
            Await.until("one is marked", () -> outbox.count("outbox.message WHERE status = 'pending'") == 2);
        }
        outbox.execute("DELETE FROM outbox.tenant");
        Await.until("the slot is dropped", () -> {
            outbox.execute("SELECT pg_drop_replication_slot('" + outbox.slot() + "')");
            return true;
        });
        createSlot(outbox.slot() + "_b");

        try (RelayRig rig = outbox.relay(nats, Map.of("outbox.postgres.slot", outbox.slot() + "_b"))
                .awaitStreaming()) {
            demand(sizes(outbox.committed()), Set.of());
        }
        assertThat(outbox.count("outbox.dead_letter WHERE state = 'discarded'")).isEqualTo(2);
    }

    /** Long: {@code -Doutbox.test.backlog-rows=1000000} prints how long that takes. */
    @Test
    @EnabledIfSystemProperty(named = "outbox.test.backlog-rows", matches = "\\d+")
    void a_large_backlog_of_one_tenant_and_the_live_event_of_another() throws Exception {
        int rows = Integer.getInteger("outbox.test.backlog-rows");
        outbox.execute("SELECT pg_drop_replication_slot('" + outbox.witness() + "')");
        outbox.execute("INSERT INTO outbox.message (tenant_id, subject, payload) SELECT 'noisy', 'events.old',"
                + " convert_to(repeat('x', 256), 'UTF8') FROM generate_series(1, " + rows + ")");
        createSlot(outbox.slot());
        long begin = System.nanoTime();
        try (RelayProcess relay = RelayProcess.start(settings, log(), "-Xmx256m")) {
            Await.until("it has begun", () -> outbox.count("outbox.dead_letter") > 0);
            outbox.insert(Row.of("silent"));
            Await.until("the live event", Duration.ofMinutes(10), () -> Streams.size(client, "TENANT_SILENT") == 1);
            double seconds = (System.nanoTime() - begin) / 1e9;
            String taking = outbox.value("SELECT EXTRACT(EPOCH FROM finished_at - since) FROM outbox.backlog");
            Await.until("all of them", Duration.ofMinutes(30), () -> Streams.size(client, "TENANT_NOISY") >= rows);
            System.out.printf(
                    "%d rows of 256 bytes: taken in %s s, the silent tenant's event after %.1f s, all out after %.1f s, %d MB%n",
                    rows, taking, seconds, (System.nanoTime() - begin) / 1e9, relay.peakResidentMb());
        }
    }

    @Test
    void ignored_rows_stay_as_they_are() throws Exception {
        outbox.insert(Row.of("silent"));
        createSlot(outbox.slot());
        Row live = Row.of("silent");
        try (RelayRig rig =
                outbox.relay(nats, Map.of("outbox.source.backlog", "ignore")).awaitStreaming()) {
            outbox.insert(live);
            Await.until("the live one is marked", () -> "published".equals(outbox.status(live.id())));
        }
        assertThat(outbox.count("outbox.message WHERE status = 'pending'")).isEqualTo(1);
        assertThat(Streams.ids(client, "silent")).containsExactly(live.id());
    }

    /** Every part counts what it took: a lock on the count, handed on, lets one commit through at a time. */
    private void killAfterTheFirstPart() throws Exception {
        outbox.execute("INSERT INTO outbox.backlog (slot) VALUES ('" + outbox.slot() + "')");
        try (RelayProcess relay = startRelay()) {
            Await.until("it has begun", () -> "taking".equals(outbox.value("SELECT state FROM outbox.backlog")));
            java.sql.Connection holder = outbox.superuser();
            lockBacklog(holder);
            Await.until("it waits", () -> waitingForBacklog() == 1);
            while (outbox.count("outbox.dead_letter") == 0) {
                holder = handOn(holder);
            }
            relay.kill();
            holder.close();
        }
    }

    private java.sql.Connection handOn(java.sql.Connection holder) throws Exception {
        java.sql.Connection next = outbox.superuser();
        Thread behind = new Thread(() -> {
            try {
                lockBacklog(next);
            } catch (java.sql.SQLException e) {
                throw new IllegalStateException(e);
            }
        });
        behind.start();
        Await.until("the next lock waits behind it", () -> waitingForBacklog() == 2);
        holder.close();
        behind.join();
        Await.until("it waits again", () -> waitingForBacklog() == 1);
        return next;
    }

    private static void lockBacklog(java.sql.Connection connection) throws java.sql.SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("SELECT FROM outbox.backlog FOR UPDATE");
        }
    }

    private int waitingForBacklog() throws Exception {
        try (java.sql.Connection superuser = outbox.superuser();
                Statement statement = superuser.createStatement();
                ResultSet row = statement.executeQuery("SELECT count(*) FROM pg_stat_activity WHERE datname = '"
                        + outbox.database() + "' AND wait_event_type = 'Lock' AND query LIKE '%outbox.backlog%'")) {
            row.next();
            return row.getInt(1);
        }
    }

    private Path log() {
        return folder.resolve("relay.log");
    }

    private RelayProcess startRelay() throws Exception {
        return RelayProcess.start(settings, log());
    }

    private void createSlot(String slot) throws Exception {
        outbox.execute("SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
    }

    private void fill(String tenant, int rows) throws Exception {
        outbox.execute("INSERT INTO outbox.message (tenant_id, subject, payload) SELECT '" + tenant
                + "', 'events.old', ('row ' || n)::bytea FROM generate_series(1, " + rows + ") n");
    }

    private static int occurrences(String text, String part) {
        return text.split(part, -1).length - 1;
    }

    private static Map<String, Integer> sizes(Map<String, List<String>> committed) {
        Map<String, Integer> sizes = new HashMap<>();
        committed.forEach((tenant, ids) -> sizes.put(tenant, ids.size()));
        return sizes;
    }

    /**
     * Every row once, in commit order; only where rows were pending when the slot was made, whole runs of them may be
     * in the order of {@code seq}.
     *
     * @param pending how many rows of each tenant were committed soon after that
     */
    private void demand(Map<String, Integer> pending, Set<String> dead) throws Exception {
        Map<String, List<String>> committed = outbox.committed();
        outbox.awaitAllMarked(PATIENCE);
        Map<String, Long> seqs = seqs();
        for (Map.Entry<String, List<String>> tenant : committed.entrySet()) {
            List<String> expected =
                    tenant.getValue().stream().filter(id -> !dead.contains(id)).toList();
            if (expected.isEmpty()) {
                continue;
            }
            List<String> stream = Streams.ids(client, tenant.getKey());
            assertThat(stream).doesNotHaveDuplicates().hasSameSizeAs(expected).hasSameElementsAs(expected);
            inOrder(stream, expected, seqs, pending.getOrDefault(tenant.getKey(), 0));
        }
        assertThat(outbox.count("outbox.message WHERE status = 'failed'")).isEqualTo(dead.size());
        assertThat(outbox.count("outbox.dead_letter WHERE state NOT IN ('sent', 'discarded')"))
                .isEqualTo(dead.size());
    }

    private static void inOrder(List<String> stream, List<String> committed, Map<String, Long> seqs, int pending) {
        int at = 0;
        while (at < stream.size()) {
            int end = at + 1;
            Set<String> open = new HashSet<>(Set.of(stream.get(at)));
            toggle(open, committed.get(at));
            while (!open.isEmpty()) {
                toggle(open, stream.get(end));
                toggle(open, committed.get(end));
                end++;
            }
            List<Long> run = stream.subList(at, end).stream().map(seqs::get).toList();
            if (run.size() > 1) {
                assertThat(run).isSorted();
                assertThat(end).isLessThanOrEqualTo(pending);
            }
            at = end;
        }
    }

    private static void toggle(Set<String> open, String id) {
        if (!open.remove(id)) {
            open.add(id);
        }
    }

    private Map<String, Long> seqs() throws Exception {
        Map<String, Long> seqs = new HashMap<>();
        try (java.sql.Connection superuser = outbox.superuser();
                Statement statement = superuser.createStatement();
                ResultSet row = statement.executeQuery("SELECT id::text, seq FROM outbox.message")) {
            while (row.next()) {
                seqs.put(row.getString(1), row.getLong(2));
            }
        }
        return seqs;
    }
}
