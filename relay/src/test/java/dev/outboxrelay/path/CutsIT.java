package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.admin.Role;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TcpProxy;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The network is cut without a word: no connection is closed, nothing comes through, and what was sent arrives when it
 * is whole again.
 */
final class CutsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Duration TAKE_OVER = Duration.ofSeconds(15);
    private static final int BUSY = 3;
    private static final List<String> TENANTS = List.of("big", "big", "big", "small", "t-1", "t-2");
    private static int databases;

    private TestNats nats;
    private Connection client;
    private Outbox outbox;
    private TcpProxy toNats;
    private TcpProxy toPostgres;
    private TcpProxy secondToPostgres;
    private TcpProxy secondToNats;

    @BeforeEach
    void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("cuts_" + databases++);
        toNats = nats();
        secondToNats = nats();
        toPostgres = postgres();
        secondToPostgres = postgres();
    }

    @AfterEach
    void stop() throws Exception {
        List.of(toNats, secondToNats, toPostgres, secondToPostgres).forEach(TcpProxy::close);
        nats.close();
        outbox.close();
    }

    @Test
    void nats_falls_silent_and_what_was_held_up_arrives_late() throws Exception {
        try (RelayRig rig = relay(toNats.address(), toPostgres.address())) {
            try (Load load = Load.start(outbox, TENANTS, 3, 41)) {
                Streams.awaitMore(client, 300);

                toNats.cut();
                Await.until(
                        "publishes are in doubt",
                        PATIENCE,
                        () -> rig.relay().status().tenants().stream().anyMatch(tenant -> tenant.lastError() != null));
                toNats.heal();

                Streams.awaitMore(client, 300);
                assertThat(load.rows()).isPositive();
            }
            ExactlyOnce.demand(outbox, client);
        }
    }

    @Test
    void a_leader_that_postgres_falls_silent_to_is_replaced_and_stands_by_afterwards() throws Exception {
        try (RelayRig cut = relay(toNats.address(), toPostgres.address());
                RelayRig other = outbox.relay(nats, Map.of())) {
            Await.until("a standby", PATIENCE, () -> other.relay().status().role() == Role.STANDBY);
            try (Load load = Load.start(outbox, TENANTS, 3, 42)) {
                Streams.awaitMore(client, 300);
                long begin = System.nanoTime();

                toPostgres.cut();

                Await.until(
                        "the other one leads",
                        TAKE_OVER.multipliedBy(BUSY),
                        () -> other.relay().status().role() == Role.LEADER);
                System.out.printf(
                        "take-over from a leader cut off from PostgreSQL: %d ms, promised %d ms%n",
                        Duration.ofNanos(System.nanoTime() - begin).toMillis(), TAKE_OVER.toMillis());
                Streams.awaitMore(client, 300);
                toPostgres.heal();
                Await.until(
                        "the one that was cut off stands by",
                        PATIENCE,
                        () -> cut.relay().status().role() == Role.STANDBY);
                Streams.awaitMore(client, 300);
                assertThat(load.rows()).isPositive();
            }
            ExactlyOnce.demand(outbox, client);
            assertThat(other.relay().status().role()).isEqualTo(Role.LEADER);
        }
    }

    @Tag("long")
    @Test
    void both_ends_are_cut_off_for_a_minute_under_load() throws Exception {
        try (RelayRig rig = relay(toNats.address(), toPostgres.address())) {
            try (Load load = Load.start(outbox, TENANTS, 3, 43)) {
                Streams.awaitMore(client, 300);

                cutFor(LONG, toNats);
                Streams.awaitMore(client, 300);
                assertThat(outbox.count("outbox.dead_letter"))
                        .as("the cut is noticed before anybody is parked")
                        .isZero();
                cutFor(LONG, toPostgres);
                Streams.awaitMore(client, 300);
                cutFor(LONG, toNats, toPostgres);

                Streams.awaitMore(client, 300);
                assertThat(load.rows()).isPositive();
            }
            ExactlyOnce.demand(outbox, client);
            assertThat(rig.relay().status().role()).isEqualTo(Role.LEADER);
        }
    }

    @Tag("long")
    @Test
    void connections_that_stay_silent_for_good_are_given_up_for_others() throws Exception {
        try (RelayRig rig = relay(
                toNats.address() + ",nats://" + secondToNats.address(),
                toPostgres.address() + "," + secondToPostgres.address())) {
            try (Load load = Load.start(outbox, TENANTS, 3, 44)) {
                Streams.awaitMore(client, 300);

                toPostgres.cut();
                Streams.awaitMore(client, 300);
                toNats.cut();
                secondToNats.cut();
                long behind = load.rows() + 300;
                Await.until("rows pile up", PATIENCE, () -> load.rows() > behind);
                secondToNats.heal();

                Streams.awaitMore(client, 300);
            }
            ExactlyOnce.demand(outbox, client);
            assertThat(rig.relay().status().role()).isEqualTo(Role.LEADER);
        }
    }

    private static void cutFor(Duration time, TcpProxy... ways) {
        long begin = System.nanoTime();
        for (TcpProxy way : ways) {
            way.cut();
        }
        Await.until("the cut was long enough", time.multipliedBy(2), () -> System.nanoTime() - begin > time.toNanos());
        for (TcpProxy way : ways) {
            way.heal();
        }
    }

    private RelayRig relay(String natsAddresses, String postgresAddresses) {
        return outbox.relay(
                        nats,
                        Map.of(
                                "outbox.nats.url",
                                "nats://" + natsAddresses,
                                "outbox.postgres.url",
                                "jdbc:postgresql://" + postgresAddresses + "/" + outbox.database()))
                .awaitStreaming();
    }

    private TcpProxy nats() {
        String[] address = nats.node(0).url().replace("nats://", "").split(":", -1);
        return TcpProxy.to(address[0], Integer.parseInt(address[1]));
    }

    private TcpProxy postgres() {
        return TcpProxy.to(outbox.postgres().host(), outbox.postgres().port());
    }
}
