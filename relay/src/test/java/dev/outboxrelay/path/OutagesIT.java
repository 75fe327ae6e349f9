package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
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
    void each_backend_of_the_relay_and_then_all_are_terminated_under_load() throws Exception {
        try (RelayRig rig = outbox.relay(nats, Map.of())) {
            rig.awaitStreaming();
            try (Load load = Load.start(outbox, TENANTS, 3, 4)) {
                for (String which : List.of(
                        "backend_type = 'walsender'",
                        "application_name = 'outbox-relay settle'",
                        "application_name = 'outbox-relay control'",
                        "application_name = 'outbox-relay slot monitor'",
                        "application_name = 'outbox-relay leader'",
                        "true")) {
                    awaitMore(100);

                    Await.until("a backend to terminate where " + which, () -> terminated(which) > 0);
                }
                awaitMore(200);
                assertThat(load.rows()).isPositive();
            }

            assertExactlyOnce();
        }
    }

    @Test
    void postgres_is_stopped_immediately_under_load() throws Exception {
        try (RelayRig rig = outbox.relay(nats, Map.of())) {
            rig.awaitStreaming();
            try (Load load = Load.start(outbox, TENANTS, 3, 6)) {
                awaitMore(300);

                postgres.stopImmediately();
                postgres.restart();

                awaitMore(300);
                assertThat(load.rows()).isPositive();
            }

            assertExactlyOnce();
        }
    }

    @Test
    void nats_is_restarted_in_an_orderly_way_under_load() throws Exception {
        try (RelayRig rig = outbox.relay(nats, Map.of())) {
            rig.awaitStreaming();
            try (Load load = Load.start(outbox, TENANTS, 3, 7)) {
                awaitMore(300);

                nats.restart();

                awaitMore(300);
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
        Streams.awaitMore(client, messages);
    }

    private int terminated(String which) throws Exception {
        try (java.sql.Connection superuser = outbox.superuser();
                var statement = superuser.createStatement();
                var row = statement.executeQuery(
                        "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '"
                                + TestPostgres.RELAY + "' AND " + which)) {
            row.next();
            return row.getInt(1);
        }
    }

    private void assertExactlyOnce() throws Exception {
        ExactlyOnce.demand(outbox, client);
    }
}
