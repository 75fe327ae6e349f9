package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.NatsNode;
import dev.outboxrelay.testing.NatsOptions;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A cluster of three with streams of three replicas loses servers, one after the other, under load. */
final class ClusterIT {

    private static final int NODES = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final List<String> TENANTS = List.of("big", "big", "big", "small", "t-1");
    private static int databases;

    private TestNats nats;
    private Connection client;
    private Outbox outbox;

    @BeforeEach
    void start() throws Exception {
        nats = TestNats.cluster(
                NODES, NatsOptions.defaults().with("lame_duck_grace_period: 1s").with("lame_duck_duration: 30s"));
        client = nats.connection();
        outbox = Outbox.create("cluster_" + databases++);
    }

    @AfterEach
    void stop() throws Exception {
        nats.close();
        outbox.close();
    }

    @Test
    void the_leader_of_a_stream_is_killed_twice_under_load() throws Exception {
        try (RelayRig rig = relay()) {
            try (Load load = Load.start(outbox, TENANTS, 2, 31)) {
                for (int kill = 0; kill < 2; kill++) {
                    Streams.awaitMore(client, 200);
                    NatsNode leader = Await.value("who leads", PATIENCE, this::leaderOfBig);
                    leader.kill();

                    Streams.awaitMore(client, 200);
                    leader.restart();
                    Await.until("every replica is current", PATIENCE, this::isWhole);
                }
                assertThat(load.rows()).isPositive();
            }
            ExactlyOnce.demand(outbox, client);
            assertThat(rig.relay().status().nats().connected()).isTrue();
        }
    }

    @Test
    void a_lame_duck_sends_the_relay_away_under_load() throws Exception {
        try (RelayRig rig = relay()) {
            try (Load load = Load.start(outbox, TENANTS, 2, 32)) {
                Streams.awaitMore(client, 200);
                NatsNode duck = Await.value("where the relay is connected", PATIENCE, this::serverOfRelay);

                duck.lameDuck();

                Await.until("the duck is gone", PATIENCE, () -> !duck.isRunning());
                Streams.awaitMore(client, 200);
                assertThat(load.rows()).isPositive();
            }
            ExactlyOnce.demand(outbox, client);
            assertThat(rig.relay().status().nats().connected()).isTrue();
        }
    }

    private RelayRig relay() {
        return outbox.relay(nats, Map.of("outbox.streams.replicas", "3")).awaitStreaming();
    }

    private NatsNode leaderOfBig() throws Exception {
        String leader = String.valueOf(client.jetStreamManagement()
                .getStreamInfo("TENANT_BIG")
                .getClusterInfo()
                .getLeader());
        return nodes().filter(node -> node.name().equals(leader)).findFirst().orElseThrow();
    }

    private NatsNode serverOfRelay() throws Exception {
        for (NatsNode node : nodes().toList()) {
            if (node.hasClient("outbox-relay")) {
                return node;
            }
        }
        throw new IllegalStateException("the relay is nowhere");
    }

    private boolean isWhole() throws Exception {
        return client.jetStreamManagement().getStreams().stream()
                .allMatch(stream -> stream.getClusterInfo().getLeader() != null
                        && stream.getClusterInfo().getReplicas().stream().allMatch(replica -> replica.isCurrent()));
    }

    private java.util.stream.Stream<NatsNode> nodes() {
        return IntStream.range(0, NODES).mapToObj(nats::node);
    }
}
