package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.NatsNode;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.Message;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.impl.Headers;
import io.nats.client.impl.NatsMessage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in the way of an atomic batch, on three servers: afterwards each stream holds what it would hold without. */
final class BatchesIT {

    private static final int NODES = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String BATCH = "Nats-Batch-Id";
    private static int databases;

    private static TestNats nats;
    private static Connection client;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.cluster(NODES);
        client = nats.connection();
        assumeTrue(
                client.getServerInfo().isSameOrNewerThanVersion("2.12.0"), "this nats-server knows no atomic batches");
    }

    @AfterAll
    static void stop() {
        nats.close();
    }

    @Test
    void much_that_waits_goes_out_in_batches_and_little_by_itself() throws Exception {
        try (Outbox outbox = outbox()) {
            outbox.insert(rows("many", 1_000));
            outbox.insert(rows("few", 3));
            try (RelayRig rig = relay(outbox, "auto")) {
                ExactlyOnce.demand(outbox, client);
                assertThat(rig.relay().status().nats().connected()).isTrue();
            }
            assertThat(together("many")).isGreaterThan(900);
            assertThat(together("few")).isZero();
        }
    }

    @Test
    void a_stream_that_is_there_already_is_set_up_for_batches_and_keeps_its_messages() throws Exception {
        try (Outbox outbox = outbox()) {
            outbox.insert(rows("older", 100));
            try (RelayRig rig = relay(outbox, "off")) {
                ExactlyOnce.demand(outbox, client);
                assertThat(rig.relay().status().nats().connected()).isTrue();
            }
            assertThat(configuration("older").getAllowAtomicPublish()).isFalse();
            outbox.insert(rows("older", 1));
            try (RelayRig rig = relay(outbox, "auto")) {
                Await.until(
                        "it is set up", PATIENCE, () -> configuration("older").getAllowAtomicPublish());
                // the stream's leader may learn it a little later: until then events go out one by one
                Await.until("batches", PATIENCE, () -> {
                    outbox.insert(rows("older", 300));
                    outbox.awaitAllMarked(PATIENCE);
                    return together("older") > 0;
                });
                ExactlyOnce.demand(outbox, client);
                assertThat(rig.relay().status().nats().connected()).isTrue();
            }
        }
    }

    @Test
    void what_the_stream_refuses_is_found_in_the_middle_of_a_batch() throws Exception {
        prepare(taking("refusing").maximumMessageSize(4_000));
        try (Outbox outbox = outbox()) {
            List<Row> rows = rows("refusing", 300);
            Row large = rows.get(120).with(new byte[8_000]);
            rows.set(120, large);
            outbox.insert(rows);
            try (RelayRig rig = relay(outbox, "auto")) {
                ExactlyOnce.demand(outbox, client, Set.of(large.id()));
                assertThat(rig.relay().status().nats().connected()).isTrue();
            }
            assertThat(outbox.value("SELECT reason FROM outbox.dead_letter")).isEqualTo("stream_rejected");
        }
    }

    /** An id that the server remembers: it was published before by somebody who is not asked any more. */
    @Test
    void what_the_server_has_already_is_found_in_the_middle_of_a_batch() throws Exception {
        prepare(taking("repeated").duplicateWindow(Duration.ofMinutes(2)));
        try (Outbox outbox = outbox()) {
            List<Row> rows = rows("repeated", 300);
            Row known = rows.get(120);
            var unused = client.jetStream()
                    .publish(NatsMessage.builder()
                            .subject("tenant.repeated.events.order.created")
                            .headers(new Headers().add("Nats-Msg-Id", known.id()))
                            .data("somebody else's")
                            .build());
            outbox.insert(rows);
            try (RelayRig rig = relay(outbox, "auto")) {
                outbox.awaitAllMarked(PATIENCE);
                assertThat(rig.relay().status().nats().connected()).isTrue();
            }
            List<String> expected = new ArrayList<>(List.of(known.id()));
            rows.stream().filter(row -> !row.id().equals(known.id())).forEach(row -> expected.add(row.id()));
            assertThat(Streams.ids(client, "repeated")).isEqualTo(expected);
            assertThat(outbox.count("outbox.dead_letter")).isZero();
        }
    }

    @Test
    void a_stream_that_is_full_in_the_middle_of_a_batch_takes_what_fits_and_the_rest_when_there_is_room()
            throws Exception {
        prepare(taking("full").maxMessages(120).discardPolicy(DiscardPolicy.New));
        try (Outbox outbox = outbox()) {
            outbox.insert(rows("full", 300));
            try (RelayRig rig = relay(outbox, "auto")) {
                Await.until("it is full", PATIENCE, () -> Streams.size(client, Streams.of("full")) == 120);
                StreamConfiguration roomy = StreamConfiguration.builder(configuration("full"))
                        .maxMessages(10_000)
                        .build();
                var unused = client.jetStreamManagement().updateStream(roomy);
                ExactlyOnce.demand(outbox, client);
                assertThat(rig.relay().status().nats().connected()).isTrue();
            }
        }
    }

    @Test
    void relays_and_a_streams_leader_are_killed_while_batches_are_on_their_way() throws Exception {
        try (Outbox outbox = outbox()) {
            outbox.insert(rows("killed", 8_000));
            Map<String, String> settings = outbox.settings(nats, settings("auto"));
            for (int kill = 1; kill <= 2; kill++) {
                long wanted = 2_000L * kill;
                try (RelayProcess relay = RelayProcess.start(settings, folder.resolve("relay.log"))) {
                    Await.until(
                            wanted + " messages", PATIENCE, () -> Streams.size(client, Streams.of("killed")) >= wanted);
                    relay.kill();
                }
            }
            try (RelayProcess relay = RelayProcess.start(settings, folder.resolve("relay.log"))) {
                Await.until("more", PATIENCE, () -> Streams.size(client, Streams.of("killed")) >= 5_500);
                NatsNode leader = Await.value("who leads", PATIENCE, () -> leaderOf("killed"));
                leader.kill();
                leader.restart();
                ExactlyOnce.demand(outbox, client);
                assertThat(relay.terminate(Duration.ofSeconds(12))).isZero();
            }
            assertThat(together("killed")).isGreaterThan(3_000);
        }
    }

    private static Outbox outbox() throws Exception {
        return Outbox.create("batches_" + databases++);
    }

    private static Map<String, String> settings(String batches) {
        return Map.of(
                "outbox.streams.replicas", "3",
                "outbox.streams.duplicate-window", "100ms",
                "outbox.streams.atomic-batches", batches);
    }

    private static RelayRig relay(Outbox outbox, String batches) {
        return outbox.relay(nats, settings(batches)).awaitStreaming();
    }

    private static List<Row> rows(String tenant, int count) {
        return new ArrayList<>(
                IntStream.range(0, count).mapToObj(i -> Row.of(tenant)).toList());
    }

    /** The beginnings of somebody else's stream that takes batches. */
    private static StreamConfiguration.Builder taking(String tenant) {
        return Streams.preparedFor(tenant).replicas(NODES).allowAtomicPublish();
    }

    private static void prepare(StreamConfiguration.Builder stream) throws Exception {
        var unused = client.jetStreamManagement().addStream(stream.build());
    }

    private static StreamConfiguration configuration(String tenant) throws Exception {
        JetStreamManagement management = client.jetStreamManagement();
        return management.getStreamInfo(Streams.of(tenant)).getConfiguration();
    }

    private static long together(String tenant) throws Exception {
        List<Message> messages = Streams.messages(client, Streams.of(tenant));
        return messages.stream()
                .filter(message -> message.getHeaders().containsKey(BATCH))
                .count();
    }

    private static NatsNode leaderOf(String tenant) throws Exception {
        String leader = String.valueOf(client.jetStreamManagement()
                .getStreamInfo(Streams.of(tenant))
                .getClusterInfo()
                .getLeader());
        return IntStream.range(0, NODES)
                .mapToObj(nats::node)
                .filter(node -> node.name().equals(leader))
                .findFirst()
                .orElseThrow();
    }
}
