package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.NatsOptions;
import dev.outboxrelay.testing.Repository;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamOptions;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.PullSubscribeOptions;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The accounts of {@code ops/nats}: a tenant reads its own stream through its durable consumer, and reaches no other
 * stream in any way: not by reading, deleting or publishing, and not by having the server write there for it.
 */
final class IsolationOnTheWayOutIT {

    private static final Path FOLDER = Repository.root().resolve("ops/nats");
    private static final Pattern PASSWORD = Pattern.compile("password: \"([0-9a-f]+)\"");
    private static final String OWN = "TENANT_ACME";
    private static final String OTHER = "TENANT_GLOBEX";
    private static final String DURABLE = "reader";

    /** What the tool prints for one tenant. */
    private static String block(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(FOLDER.resolve("account").toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        process.getOutputStream().close();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return printed;
    }

    private static String password(String block) {
        Matcher password = PASSWORD.matcher(block);
        assertThat(password.find()).isTrue();
        return password.group(1);
    }

    private static NatsOptions options(String line, String... blocks) throws IOException {
        String accounts = Files.readString(FOLDER.resolve("accounts.conf"))
                .replace("include \"tenants.conf\"", String.join("\n", blocks))
                .replace("$RELAY_PASSWORD", "\"relays own\"")
                .replace("$SYS_PASSWORD", "\"of the system\"");
        return NatsOptions.defaults().ofLine(line).with(accounts).connectingAs("relay", "relays own");
    }

    private static Connection connect(TestNats nats, String user, String password) throws Exception {
        return Nats.connect(new Options.Builder()
                .server(nats.url())
                .userInfo(user, password)
                .connectionTimeout(Duration.ofSeconds(5))
                .build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"newest", "2.10"})
    void a_tenant_reads_its_own_stream_and_reaches_no_other(String line) throws Exception {
        String acmes = block("acme");
        String globexes = block("globex");
        String url;
        try (TestNats nats = TestNats.start(options(line, acmes, globexes));
                Outbox outbox = Outbox.create("way_out_" + line.replace('.', '_'))) {
            url = nats.url().replace("nats://", "nats://relay:relays%20own@");
            Connection admin = nats.connection();
            List<Row> own = List.of(Row.of("acme"), Row.of("acme"), Row.of("acme"), Row.of("acme"));
            List<Row> others = List.of(Row.of("globex"), Row.of("globex"));
            try (RelayRig rig = outbox.relay(nats, Map.of("outbox.nats.url", url))) {
                rig.awaitStreaming();
                outbox.insert(own);
                outbox.insert(others);
                Await.until(
                        "both streams are there",
                        () -> Streams.size(admin, OWN) == 4 && Streams.size(admin, OTHER) == 2);
            }
            addConsumer(admin, OWN);
            addConsumer(admin, OTHER);
            try (Connection acme = connect(nats, OWN, password(acmes));
                    Connection globex = connect(nats, OTHER, password(globexes))) {
                assertThat(read(acme, OWN, 2)).isEqualTo(ids(own.subList(0, 2)));
                Await.until(
                        "its acknowledgements arrive",
                        () -> info(admin, OWN).getAckFloor().getStreamSequence() == 2);
                StreamInfo ownBefore = admin.jetStreamManagement().getStreamInfo(OWN);
                StreamInfo otherBefore = admin.jetStreamManagement().getStreamInfo(OTHER);
                Queue<String> overheard = new ConcurrentLinkedQueue<>();
                Dispatcher ears = acme.createDispatcher(
                        message -> overheard.add(message.hasHeaders() ? Streams.id(message) : message.getSubject()));
                ears.subscribe(">");
                acme.flush(Duration.ofSeconds(5));

                attack(acme);

                assertThat(read(globex, OTHER, 2))
                        .as("the other tenant reads on")
                        .isEqualTo(ids(others));
                assertUntouched(admin, OTHER, otherBefore);
                assertUntouched(admin, OWN, ownBefore);
                Await.until(
                        "acknowledged", () -> info(admin, OTHER).getAckFloor().getStreamSequence() == 2);
                assertThat(overheard)
                        .as("it hears what it asked for itself, and nothing of the other tenant")
                        .contains(own.get(2).id())
                        .doesNotContainAnyElementsOf(ids(others));
                acme.closeDispatcher(ears);
            }
        }
    }

    private static void addConsumer(Connection admin, String stream) throws Exception {
        admin.jetStreamManagement()
                .addOrUpdateConsumer(
                        stream,
                        ConsumerConfiguration.builder()
                                .durable(DURABLE)
                                .ackPolicy(AckPolicy.Explicit)
                                .ackWait(Duration.ofSeconds(30))
                                .build());
    }

    private static ConsumerInfo info(Connection admin, String stream) throws Exception {
        return admin.jetStreamManagement().getConsumerInfo(stream, DURABLE);
    }

    /** As an application of the tenant does. */
    private static List<String> read(Connection tenant, String stream, int messages) throws Exception {
        JetStreamSubscription subscription = tenant.jetStream(
                        JetStreamOptions.builder().prefix("EV.API").build())
                .subscribe(null, PullSubscribeOptions.bind(stream, DURABLE));
        try {
            List<String> ids = new ArrayList<>();
            for (Message message : subscription.fetch(messages, Duration.ofSeconds(10))) {
                ids.add(Streams.id(message));
                message.ack();
            }
            return ids;
        } finally {
            subscription.unsubscribe();
        }
    }

    private static List<String> ids(List<Row> rows) {
        return rows.stream().map(Row::id).toList();
    }

    /** Everything that a tenant can try with a connection of its own. */
    private static void attack(Connection acme) throws Exception {
        for (String prefix : List.of("EV.API.", "$JS.API.", "$JS.hub.API.")) {
            for (String request : List.of(
                    "STREAM.INFO." + OTHER,
                    "STREAM.MSG.GET." + OTHER,
                    "DIRECT.GET." + OTHER,
                    "CONSUMER.INFO." + OTHER + "." + DURABLE,
                    "CONSUMER.MSG.NEXT." + OTHER + "." + DURABLE,
                    "CONSUMER.LIST." + OTHER,
                    "CONSUMER.CREATE." + OTHER + ".mine",
                    "CONSUMER.DELETE." + OTHER + "." + DURABLE,
                    "STREAM.DELETE." + OTHER,
                    "STREAM.PURGE." + OTHER,
                    "STREAM.UPDATE." + OTHER,
                    "STREAM.MSG.DELETE." + OTHER,
                    "STREAM.NAMES",
                    "STREAM.LIST",
                    "INFO",
                    // its own stream, beyond reading
                    "STREAM.DELETE." + OWN,
                    "STREAM.PURGE." + OWN,
                    "STREAM.UPDATE." + OWN,
                    "STREAM.MSG.DELETE." + OWN,
                    "STREAM.CREATE.MINE",
                    "CONSUMER.CREATE." + OWN + ".mine",
                    "CONSUMER.DURABLE.CREATE." + OWN + ".mine",
                    "CONSUMER.DELETE." + OWN + "." + DURABLE)) {
                assertNoAnswer(acme, prefix, request);
            }
        }
        acme.publish("tenant.globex.x", new byte[1]);
        acme.publish("tenant.acme.x", new byte[1]);
        // acknowledging for the other tenant, with the subjects that its messages have
        acme.publish(
                "$JS.ACK." + OTHER + "." + DURABLE + ".1.1.1.1700000000000000000.0",
                "+TERM".getBytes(StandardCharsets.UTF_8));
        // having the server answer into somebody's stream
        for (String reply : List.of("tenant.globex.x", "tenant.acme.x", "$JS.API.STREAM.DELETE." + OTHER)) {
            acme.publish("EV.API.STREAM.INFO." + OWN, reply, new byte[0]);
            acme.publish("EV.API.CONSUMER.INFO." + OWN + "." + DURABLE, reply, new byte[0]);
            acme.publish(
                    "EV.API.CONSUMER.MSG.NEXT." + OWN + "." + DURABLE,
                    reply,
                    "{\"batch\":1,\"no_wait\":true}".getBytes(StandardCharsets.UTF_8));
            acme.publish(
                    "$JS.ACK." + OWN + "." + DURABLE + ".1.1.1.1700000000000000000.0",
                    reply,
                    "+NXT".getBytes(StandardCharsets.UTF_8));
        }
        acme.flush(Duration.ofSeconds(5));
    }

    /** Nobody answers, or the tenant's own account does, which has no JetStream at all. */
    private static void assertNoAnswer(Connection tenant, String prefix, String request) throws InterruptedException {
        byte[] body = body(request).getBytes(StandardCharsets.UTF_8);
        Message answer = tenant.request(prefix + request, body, Duration.ofMillis(300));
        if (answer != null && !answer.isStatusMessage()) {
            assertThat(new String(answer.getData(), StandardCharsets.UTF_8))
                    .as(prefix + request)
                    .contains("JetStream not enabled for account");
        }
    }

    /** One that a server would carry out, so that only the account stands between: others are refused unseen. */
    private static String body(String request) {
        String stream = request.contains(OWN) ? OWN : OTHER;
        if (request.startsWith("CONSUMER.CREATE") || request.startsWith("CONSUMER.DURABLE.CREATE")) {
            return "{\"stream_name\":\"" + stream + "\",\"config\":{\"name\":\"mine\",\"durable_name\":\"mine\","
                    + "\"ack_policy\":\"explicit\"}}";
        }
        if (request.startsWith("STREAM.UPDATE")) {
            return "{\"name\":\"" + stream + "\",\"subjects\":[\"tenant.acme.>\"],\"max_msgs\":1}";
        }
        if (request.startsWith("STREAM.CREATE")) {
            return "{\"name\":\"MINE\",\"subjects\":[\"tenant.globex.mine\"]}";
        }
        if (request.startsWith("STREAM.MSG.") || request.startsWith("DIRECT.GET")) {
            return "{\"seq\":1}";
        }
        return request.startsWith("CONSUMER.MSG.NEXT") ? "{\"batch\":1,\"no_wait\":true}" : "";
    }

    private static void assertUntouched(Connection admin, String stream, StreamInfo before) throws Exception {
        JetStreamManagement management = admin.jetStreamManagement();
        StreamInfo after = management.getStreamInfo(stream);
        assertThat(after.getCreateTime()).isEqualTo(before.getCreateTime());
        assertThat(after.getConfiguration().toJson())
                .isEqualTo(before.getConfiguration().toJson());
        assertThat(after.getStreamState().getMsgCount())
                .isEqualTo(before.getStreamState().getMsgCount());
        assertThat(after.getStreamState().getLastSequence())
                .isEqualTo(before.getStreamState().getLastSequence());
        assertThat(management.getConsumerNames(stream)).containsExactly(DURABLE);
        assertThat(management.getStreamNames()).containsExactlyInAnyOrder(OWN, OTHER);
    }

    /** Why there are accounts: inside one, who may only pull can still have the server write into another's stream. */
    @Test
    void permissions_alone_do_not_hold_which_is_what_the_attack_above_would_show() throws Exception {
        NatsOptions one = NatsOptions.defaults().with("""
                        authorization {
                          users: [
                            { user: relay, password: relay }
                            { user: acme, password: acme, permissions: {
                                publish: ["$JS.API.CONSUMER.MSG.NEXT.TENANT_ACME.*", "$JS.ACK.TENANT_ACME.>"]
                                subscribe: ["_INBOX.>"] } }
                          ]
                        }
                        """).connectingAs("relay", "relay");
        try (TestNats nats = TestNats.start(one)) {
            Connection admin = nats.connection();
            for (String tenant : List.of("acme", "globex")) {
                admin.jetStreamManagement()
                        .addStream(StreamConfiguration.builder()
                                .name(Streams.of(tenant))
                                .subjects("tenant." + tenant + ".>")
                                .storageType(StorageType.Memory)
                                .build());
            }
            admin.jetStream().publish("tenant.acme.x", new byte[1]);
            addConsumer(admin, OWN);
            try (Connection acme = connect(nats, "acme", "acme")) {
                acme.publish("$JS.API.CONSUMER.MSG.NEXT." + OWN + "." + DURABLE, "tenant.globex.injected", new byte[0]);
                acme.flush(Duration.ofSeconds(5));

                Await.until("the server wrote it for the tenant", () -> Streams.size(admin, OTHER) == 1);
            }
        }
    }

    @Test
    void the_tool_names_accounts_as_the_relay_names_streams() throws Exception {
        assertThat(block("Acme_1-x")).startsWith("  \"TENANT_ACME_1-X\" {");
        for (String tenant : List.of("Acme", "größe", "a b", "=61", "日本", "a.b>*")) {
            String stream =
                    dev.outboxrelay.route.Address.of(tenant, dev.outboxrelay.config.Naming.ENCODE)
                            .orElseThrow()
                            .stream()
                            .value();
            assertThat(block("--encode", tenant)).startsWith("  \"" + stream + "\" {");
        }
    }
}
