package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.FreePorts;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TcpProxy;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two relays as processes of their own, of which the leading one is killed or frozen: the other takes over in time, and
 * a leader that wakes up late changes nothing more and stands by.
 *
 * <p>The times are promises: 5 s after a kill, 15 s after a freeze. Each is measured and printed. What is asserted is
 * looser, {@link #BUSY} times as long, only because the machines that run this do other things at the same time.
 */
final class TakeOverIT {

    private static final Duration AFTER_KILL = Duration.ofSeconds(5);
    private static final Duration AFTER_FREEZE = Duration.ofSeconds(15);
    private static final int BUSY = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final List<String> TENANTS = List.of("big", "big", "big", "small", "t-1", "t-2", "t-3");

    private static int databases;

    @TempDir
    private Path folder;

    private TestNats nats;
    private Connection client;
    private Outbox outbox;
    private final List<RelayProcess> relays = new ArrayList<>();
    private final List<TcpProxy> proxies = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("take_over_" + databases++);
    }

    @AfterEach
    void stop() throws Exception {
        relays.forEach(RelayProcess::close);
        proxies.forEach(TcpProxy::close);
        nats.close();
        outbox.close();
    }

    /** Only the leader's own way to NATS is broken: a wrong secret, a policy of its network. */
    @Test
    void a_leader_that_cannot_use_nats_gives_way_to_one_that_can() throws Exception {
        RelayProcess cut = relay(Map.of("outbox.nats.url", "nats://127.0.0.1:" + FreePorts.next()));
        Await.until("the first leads", PATIENCE, () -> gauge(cut) == 1);
        Await.until(
                "it tells how much WAL is kept",
                PATIENCE,
                () -> String.valueOf(cut.page("/metrics")).contains("\noutbox_relay_slot_retained_bytes "));
        RelayProcess other = relay(Map.of());

        Await.until("the other one leads", PATIENCE, other::leads);
        outbox.insert(Row.of("small"));
        Await.until("its event", PATIENCE, () -> Streams.size(client, Streams.of("small")) == 1);
        Await.until("the first stands by", PATIENCE, cut::standsBy);
    }

    /** The same in the middle of its work, with messages on their way. */
    @Test
    void a_leader_that_is_cut_off_from_nats_gives_way_in_the_middle_of_its_work() throws Exception {
        TcpProxy toNats = proxy(nats.node(0).url().replace("nats://", ""));
        RelayProcess first = leader(Map.of("outbox.nats.url", "nats://" + toNats.address()));
        RelayProcess second = standby(Map.of());
        try (Load load = Load.start(outbox, TENANTS, 4, 14)) {
            awaitMore(300);

            toNats.cut();

            Await.until("the other one leads", PATIENCE, second::leads);
            awaitMore(300);
            toNats.heal();
            Await.until("the first stands by", PATIENCE, first::standsBy);
            second.kill();
            Await.until("the first leads again", PATIENCE, first::leads);
            awaitMore(300);
            assertThat(load.rows()).isPositive();
        }
        ExactlyOnce.demand(outbox, client);
    }

    /** Whoever stood by is not at its start: an outage that lets it try must not end it. */
    @Test
    void one_that_stood_by_and_is_refused_by_nats_waits_and_gives_way_in_its_turn() throws Exception {
        TcpProxy toNats = proxy(nats.node(0).url().replace("nats://", ""));
        RelayProcess first = leader(Map.of("outbox.nats.url", "nats://" + toNats.address()));
        RelayProcess second = standby(Map.of("outbox.streams.replicas", "3"));

        toNats.sever();

        Await.until("the other one is refused", PATIENCE, () -> second.log().contains("is a single server"));
        toNats.heal();
        Await.until("the first leads again", PATIENCE, first::leads);
        assertThat(second.isAlive()).as(second.log()).isTrue();
        Await.until("the other one stands by", PATIENCE, second::standsBy);
        outbox.insert(Row.of("small"));
        ExactlyOnce.demand(outbox, client);
    }

    @Test
    void a_killed_leader_is_replaced_within_five_seconds_and_again_under_load() throws Exception {
        RelayProcess first = leader(Map.of());
        RelayProcess second = standby(Map.of());
        try (Load load = Load.start(outbox, TENANTS, 4, 11)) {
            awaitMore(300);
            assertThat(gauge(first)).isEqualTo(1);
            assertThat(gauge(second)).isZero();

            first.kill();

            measure("a killed leader", AFTER_KILL, second);
            RelayProcess third = standby(Map.of());
            awaitMore(300);

            second.kill();

            measure("a killed leader", AFTER_KILL, third);
            awaitMore(300);
            assertThat(gauge(third)).isEqualTo(1);
            assertThat(load.rows()).isPositive();
        }
        ExactlyOnce.demand(outbox, client);
        assertThat(term()).isEqualTo(3);
    }

    @Test
    void a_frozen_leader_is_replaced_within_fifteen_seconds_and_changes_nothing_when_it_wakes() throws Exception {
        RelayProcess first = leader(Map.of());
        RelayProcess second = standby(Map.of());
        try (Load load = Load.start(outbox, TENANTS, 4, 12)) {
            awaitMore(300);

            first.pause();

            measure("a frozen leader", AFTER_FREEZE, second);
            awaitMore(300);
            assertThat(load.rows()).isPositive();
        }
        ExactlyOnce.demand(outbox, client);
        assertWakesUpToNothing(first, second, Set.of());
    }

    @Test
    void a_leader_frozen_with_messages_on_their_way_and_in_the_middle_of_a_dead_letter_is_replaced() throws Exception {
        TcpProxy toNats = proxy(nats.node(0).url().replace("nats://", ""));
        TcpProxy toPostgres =
                proxy(outbox.postgres().host() + ":" + outbox.postgres().port());
        RelayProcess first = leader(Map.of(
                "outbox.nats.url",
                "nats://" + toNats.address(),
                "outbox.postgres.url",
                "jdbc:postgresql://" + toPostgres.address() + "/" + outbox.database()));
        RelayProcess second = standby(Map.of());
        outbox.insert(Row.of("big"));
        ExactlyOnce.demand(outbox, client);

        // what is published from here on is with the connection, and not with the server
        toNats.cut();
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            rows.add(Row.of(i % 2 == 0 ? "big" : "small"));
        }
        outbox.insert(rows);
        Await.until("messages on their way", () -> first.metric("outbox_relay_lane_in_flight") > 0);
        // and a dead letter that takes its time is half with PostgreSQL when everything stops
        toPostgres.slow(Duration.ofMillis(10));
        Row bad = Row.of("t-1", "not..valid").with(new byte[12_000_000]);
        outbox.insert(bad);
        Await.until(
                "a dead letter on its way",
                () -> activity("dead-letter", "wait_event", "state = 'active'").equals("ClientRead"));

        first.pause();

        measure("a leader frozen in the middle of a transaction", AFTER_FREEZE, second);
        ExactlyOnce.demand(outbox, client, Set.of(bad.id()));
        outbox.insert(Row.of("big"), Row.of("small"));
        ExactlyOnce.demand(outbox, client, Set.of(bad.id()));
        toNats.heal();
        toPostgres.heal();
        assertWakesUpToNothing(first, second, Set.of(bad.id()));
    }

    @Test
    void a_leader_frozen_behind_a_table_that_somebody_has_locked_is_replaced() throws Exception {
        RelayProcess first = leader(Map.of());
        RelayProcess second = standby(Map.of());
        try (java.sql.Connection application = outbox.superuser();
                var lock = application.createStatement()) {
            outbox.insert(Row.of("big"));
            ExactlyOnce.demand(outbox, client);
            application.setAutoCommit(false);
            lock.execute("LOCK TABLE outbox.dead_letter IN SHARE ROW EXCLUSIVE MODE");
            outbox.insert(Row.of("t-1", "not..valid"));
            Await.until(
                    "a dead letter waits for the table",
                    () -> activity("dead-letter", "wait_event", "state = 'active'")
                            .equals("relation"));

            first.pause();

            measure("a frozen leader whose transaction waits for a table", AFTER_FREEZE, second);
            application.commit();
        }
        Set<String> dead = Set.copyOf(outbox.committed().get("t-1"));
        ExactlyOnce.demand(outbox, client, dead);
        assertWakesUpToNothing(first, second, dead);
    }

    @Test
    void a_freeze_shorter_than_the_lease_changes_nobody() throws Exception {
        RelayProcess first = leader(Map.of());
        RelayProcess second = standby(Map.of());
        try (Load load = Load.start(outbox, TENANTS, 4, 13)) {
            awaitMore(300);

            first.pause();
            Await.until(
                    "the leader has been silent for 4 s",
                    () -> !activity("leader", "state_change", "now() - state_change > interval '4 seconds'")
                            .isEmpty());
            first.resume();

            awaitMore(300);
            assertThat(load.rows()).isPositive();
        }
        assertThat(first.leads()).isTrue();
        assertThat(second.standsBy()).isTrue();
        assertThat(term()).isEqualTo(1);
        ExactlyOnce.demand(outbox, client);
    }

    private RelayProcess leader(Map<String, String> more) throws Exception {
        RelayProcess relay = relay(more).awaitReady();
        Await.until("it leads", PATIENCE, relay::leads);
        return relay;
    }

    private RelayProcess standby(Map<String, String> more) throws Exception {
        RelayProcess relay = relay(more).awaitReady();
        assertThat(relay.standsBy()).isTrue();
        return relay;
    }

    private RelayProcess relay(Map<String, String> more) throws Exception {
        Map<String, String> settings = new TreeMap<>(outbox.settings(nats, more));
        RelayProcess relay = RelayProcess.start(settings, folder.resolve("relay-" + relays.size() + ".log"));
        relays.add(relay);
        return relay;
    }

    private TcpProxy proxy(String address) {
        String[] hostAndPort = address.split(":", -1);
        TcpProxy proxy = TcpProxy.to(hostAndPort[0], Integer.parseInt(hostAndPort[1]));
        proxies.add(proxy);
        return proxy;
    }

    /** How long until the other one leads, which its readiness says once it reads the slot. */
    private static void measure(String what, Duration promised, RelayProcess next) {
        long begin = System.nanoTime();
        try {
            Await.until("another instance leads", promised.multipliedBy(BUSY), next::leads);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "; its log:\n" + next.log(), e);
        }
        Duration took = Duration.ofNanos(System.nanoTime() - begin);
        System.out.printf("take-over from %s: %d ms, promised %d ms%n", what, took.toMillis(), promised.toMillis());
    }

    /** Wakes a leader up whose place is taken: streams, rows, dead letters and the term stay as they are. */
    private void assertWakesUpToNothing(RelayProcess late, RelayProcess leader, Set<String> dead) throws Exception {
        Map<String, List<String>> streams = streams();
        String rows = rows();

        late.resume();

        Await.until("the late one stands by", PATIENCE, late::standsBy);
        assertThat(streams()).isEqualTo(streams);
        assertThat(rows()).isEqualTo(rows);
        assertThat(gauge(late)).isZero();
        assertThat(leader.leads()).isTrue();
        assertThat(gauge(leader)).isEqualTo(1);
        assertThat(term()).isEqualTo(2);
        assertThat(late.log()).contains("leadership lost: stepping down");
        outbox.insert(Row.of("big"), Row.of("small"), Row.of("t-2"));
        ExactlyOnce.demand(outbox, client, dead);
    }

    /** Every id with its sequence: a message that came and was purged would show in the numbers. */
    private Map<String, List<String>> streams() throws Exception {
        Map<String, List<String>> all = new HashMap<>();
        for (String tenant : Set.copyOf(TENANTS)) {
            all.put(
                    tenant,
                    Streams.messages(client, Streams.of(tenant)).stream()
                            .map(message -> message.metaData().streamSequence() + " " + Streams.id(message))
                            .toList());
        }
        return all;
    }

    /** A digest of every row with the transaction that wrote it last. */
    private String rows() throws Exception {
        return String.valueOf(outbox.value("SELECT concat("
                + "(SELECT md5(string_agg(concat(id, status, published_at, xmin), ',' ORDER BY seq)) FROM outbox.message),"
                + " ' ', (SELECT md5(string_agg(concat(d.event_id, d.state, d.xmin), ',' ORDER BY seq)) FROM outbox.dead_letter d),"
                + " ' ', (SELECT string_agg(concat(l, l.xmin), ',') FROM outbox.leader l))"));
    }

    /** What PostgreSQL knows of a connection of the relay; empty where there is none like this. */
    private String activity(String purpose, String column, String condition) throws Exception {
        try (java.sql.Connection superuser = outbox.superuser();
                var statement = superuser.createStatement();
                var row = statement.executeQuery("SELECT " + column + " FROM pg_stat_activity"
                        + " WHERE application_name = 'outbox-relay " + purpose + "' AND datname = current_database()"
                        + " AND " + condition)) {
            return row.next() ? String.valueOf(row.getString(1)) : "";
        }
    }

    private long term() throws Exception {
        return Long.parseLong(String.valueOf(outbox.value("SELECT term FROM outbox.leader")));
    }

    private static double gauge(RelayProcess relay) throws Exception {
        return relay.metric("outbox_relay_leader");
    }

    private void awaitMore(int messages) throws Exception {
        Streams.awaitMore(client, messages);
    }
}
