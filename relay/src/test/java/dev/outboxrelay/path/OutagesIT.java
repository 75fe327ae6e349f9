package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Either end goes away, at the start or under load, and comes back: nothing is lost, doubled or out of order, and an
 * outage makes no dead letter.
 */
final class OutagesIT {

    private static final List<String> TENANTS =
            List.of("big", "big", "big", "small", "__-Oddly-NAMED-0_", "t-1", "t-2");

    private static TestPostgres postgres;
    private static int databases;

    private TestNats nats;
    private Connection client;
    private Outbox outbox;

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start(SharedPostgres.options().flushedToDisk());
    }

    @AfterAll
    static void stopPostgres() {
        postgres.close();
    }

    @BeforeEach
    void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create(postgres, "outages_" + databases++);
    }

    @AfterEach
    void stop() throws Exception {
        nats.close();
        outbox.close();
    }

    @Test
    void postgres_is_away_at_the_start_and_comes() throws Exception {
        outbox.insert(Row.of("small"));
        postgres.stop();
        try (RelayRig rig = outbox.relay(nats, Map.of())) {
            Await.until(
                    "it says what it waits for",
                    () -> rig.relay().status().source().lastError() != null);
            assertThat(rig.relay().status().source().connected()).isFalse();

            postgres.restart();

            assertExactlyOnce();
        }
    }

    @Test
    void nats_is_away_at_the_start_and_comes() throws Exception {
        outbox.insert(Row.of("small"));
        nats.stop();
        try (RelayRig rig = outbox.relay(nats, Map.of())) {
            Await.until(
                    "it says what it waits for",
                    () -> rig.relay().status().nats().lastError() != null);
            assertThat(rig.relay().status().nats().connected()).isFalse();

            nats.restart();

            assertExactlyOnce();
        }
    }

    @Test
    void nats_is_killed_twice_under_load() throws Exception {
        try (RelayRig rig = outbox.relay(nats, Map.of())) {
            rig.awaitStreaming();
            try (Load load = Load.start(outbox, TENANTS, 3, 1)) {
                for (int outage = 0; outage < 2; outage++) {
                    awaitMore(300);
                    nats.kill();
                    long behind = load.rows() + 300;
                    Await.until("rows pile up", () -> load.rows() > behind);
                    assertThat(rig.relay().status().nats().connected()).isFalse();

                    nats.restart();
                }
                awaitMore(300);
            }

            assertExactlyOnce();
        }
    }

    @Test
    void postgres_is_killed_twice_under_load() throws Exception {
        try (RelayRig rig = outbox.relay(nats, Map.of())) {
            rig.awaitStreaming();
            try (Load load = Load.start(outbox, TENANTS, 3, 2)) {
                for (int outage = 0; outage < 2; outage++) {
                    awaitMore(300);
                    postgres.kill();

                    postgres.restart();
                }
                awaitMore(300);
                assertThat(load.rows()).isPositive();
            }

            assertExactlyOnce();
        }
    }

    @Test
    void postgres_is_restarted_in_an_orderly_way_under_load() throws Exception {
        try (RelayRig rig = outbox.relay(nats, Map.of())) {
            rig.awaitStreaming();
            try (Load load = Load.start(outbox, TENANTS, 3, 3)) {
                awaitMore(300);

                postgres.restart();

                awaitMore(300);
                assertThat(load.rows()).isPositive();
            }

            assertExactlyOnce();
        }
    }

    @Test
    void every_backend_of_the_relay_is_terminated_under_load() throws Exception {
        try (RelayRig rig = outbox.relay(nats, Map.of())) {
            rig.awaitStreaming();
            try (Load load = Load.start(outbox, TENANTS, 3, 4)) {
                for (String which : List.of("backend_type = 'walsender'", "backend_type = 'walsender'", "true")) {
                    awaitMore(200);

                    outbox.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"
                            + TestPostgres.RELAY + "' AND " + which);
                }
                awaitMore(200);
                assertThat(load.rows()).isPositive();
            }

            assertExactlyOnce();
        }
    }

    @Test
    void both_ends_are_killed_at_once_under_load() throws Exception {
        try (RelayRig rig = outbox.relay(nats, Map.of())) {
            rig.awaitStreaming();
            try (Load load = Load.start(outbox, TENANTS, 3, 5)) {
                awaitMore(300);
                nats.kill();
                postgres.kill();

                postgres.restart();
                nats.restart();

                awaitMore(300);
                assertThat(load.rows()).isPositive();
            }

            assertExactlyOnce();
        }
    }

    private void awaitMore(int messages) throws Exception {
        long before = Await.value("the streams", Duration.ofSeconds(10), () -> Streams.total(client));
        Await.until(
                messages + " more messages", Duration.ofSeconds(40), () -> Streams.total(client) >= before + messages);
    }

    private void assertExactlyOnce() throws Exception {
        Map<String, List<String>> committed = outbox.committed();
        for (Map.Entry<String, List<String>> tenant : committed.entrySet()) {
            int expected = tenant.getValue().size();
            Await.until(
                    expected + " messages of " + tenant.getKey(),
                    Duration.ofSeconds(40),
                    () -> Streams.size(client, Streams.of(tenant.getKey())) >= expected);
        }
        assertThat(Streams.idsOf(client, committed.keySet())).isEqualTo(committed);
        outbox.awaitAllMarked(Duration.ofSeconds(30));
        assertThat(outbox.count("outbox.dead_letter")).isZero();
    }
}
