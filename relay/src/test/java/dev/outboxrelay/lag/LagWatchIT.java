package dev.outboxrelay.lag;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.NatsOptions;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.PullSubscribeOptions;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the watch says of fifty streams, beside what the server says of each. */
@Timeout(120)
final class LagWatchIT {

    private static final int STREAMS = 50;
    private static final int BOUND = 10;

    private static TestNats nats;
    private static Connection client;
    private static JetStreamManagement management;

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.start(NatsOptions.defaults().with("""
                        authorization { users: [
                          {user: all, password: all}
                          {user: deaf, password: deaf, permissions: {
                            publish: {deny: "$JS.API.CONSUMER.LIST.TENANT_DEAF"}}}
                        ]}""").connectingAs("all", "all"));
        client = nats.connection();
        management = client.jetStreamManagement();
    }

    @AfterAll
    static void stop() {
        nats.close();
    }

    /** How the application of a stream behaves. */
    private enum Temper {
        FAST,
        SLOW,
        STALLED,
        ABSENT,
        LOSING;

        static Temper of(int stream) {
            return values()[stream % values().length];
        }
    }

    @Test
    void the_figures_of_fifty_streams_are_the_servers_own_and_the_words_are_right() throws Exception {
        for (int i = 0; i < STREAMS; i++) {
            make(i);
        }
        management.addStream(StreamConfiguration.builder()
                .name("ELSEWHERE")
                .subjects("tenants.>")
                .storageType(StorageType.Memory)
                .build());
        Ticking clock = new Ticking();
        try (LagWatch watch = watch(clock)) {
            LagReport first = watch.look();
            assertThat(first.streams()).hasSize(STREAMS);
            assertThat(first.asked()).isEqualTo(STREAMS);
            sameAsTheServers(first);

            for (int i = 0; i < STREAMS; i++) {
                publish(i, 7);
                act(i);
            }
            clock.seconds(5);
            LagReport second = watch.look();
            sameAsTheServers(second);
            clock.seconds(5);
            LagReport third = watch.look();
            sameAsTheServers(third);
            for (StreamLag stream : third.streams()) {
                judged(stream);
            }

            int asked = 0;
            for (int round = 0; round < 12; round++) {
                asked += watch.look().asked();
            }
            assertThat(asked)
                    .as("forty that are not quiet each time, and each of the ten others once in twelve looks")
                    .isEqualTo(12 * 40 + 10);
            System.out.printf(
                    "lag: %d streams with slow, stalled, absent, losing and fast consumers: the first look took %.1f ms,"
                            + " the last %.1f ms%n",
                    STREAMS, first.took().toNanos() / 1e6, third.took().toNanos() / 1e6);
        }
    }

    private static void make(int i) throws Exception {
        String tenant = tenant(i);
        management.addStream(StreamConfiguration.builder()
                .name("TENANT_T" + i)
                .subjects("tenant." + tenant + ".>")
                .storageType(StorageType.Memory)
                .maxMessages(Temper.of(i) == Temper.LOSING ? 15 : -1)
                .metadata(Map.of("outbox.tenant", tenant))
                .build());
        for (String name : List.of("billing", "audit")) {
            management.addOrUpdateConsumer(
                    "TENANT_T" + i,
                    ConsumerConfiguration.builder()
                            .durable(name)
                            .ackPolicy(AckPolicy.Explicit)
                            .maxAckPending(BOUND)
                            .filterSubject(name.equals("audit") ? "tenant." + tenant + ".audit.>" : null)
                            .build());
        }
        publish(i, 20);
        act(i);
    }

    private static void act(int i) throws Exception {
        switch (Temper.of(i)) {
            case FAST -> fetch(i, 100, true);
            case SLOW -> fetch(i, 3, true);
            case STALLED -> fetch(i, 100, false);
            case ABSENT, LOSING -> {} // nobody comes
        }
    }

    private static void publish(int i, int messages) throws Exception {
        for (int n = 0; n < messages; n++) {
            client.publish("tenant." + tenant(i) + ".events." + n, new byte[10]);
        }
        client.flush(Duration.ofSeconds(5));
        long unused = management.getStreamInfo("TENANT_T" + i).getStreamState().getLastSequence();
    }

    private static void fetch(int i, int messages, boolean acknowledge) throws Exception {
        JetStreamSubscription application =
                client.jetStream().subscribe(null, PullSubscribeOptions.bind("TENANT_T" + i, "billing"));
        int got = 0;
        while (got < messages) {
            List<Message> batch = application.fetch(Math.min(BOUND, messages - got), Duration.ofMillis(100));
            if (batch.isEmpty()) {
                break;
            }
            got += batch.size();
            for (Message message : batch) {
                if (acknowledge) {
                    message.ackSync(Duration.ofSeconds(5));
                }
            }
        }
        application.unsubscribe();
    }

    private static void sameAsTheServers(LagReport report) throws Exception {
        for (StreamLag stream : report.streams()) {
            assertThat(stream.consumers()).hasSize(2);
            for (ConsumerLag consumer : stream.consumers()) {
                ConsumerInfo own = management.getConsumerInfo(
                        stream.figures().stream(), consumer.figures().name());
                ConsumerFigures figures = consumer.figures();
                String as = stream.figures().stream() + " " + figures.name();
                assertThat(figures.pending()).as(as).isEqualTo(own.getNumPending());
                assertThat(figures.ackPending()).as(as).isEqualTo(own.getNumAckPending());
                assertThat(figures.redelivered()).as(as).isEqualTo(own.getRedelivered());
                assertThat(figures.deliveredStream())
                        .as(as)
                        .isEqualTo(own.getDelivered().getStreamSequence());
                assertThat(figures.ackFloor())
                        .as(as)
                        .isEqualTo(own.getAckFloor().getStreamSequence());
            }
        }
    }

    private static void judged(StreamLag stream) {
        int i = Integer.parseInt(stream.figures().stream().substring("TENANT_T".length()));
        Map<String, ConsumerLag> consumers = new TreeMap<>();
        stream.consumers().forEach(consumer -> consumers.put(consumer.figures().name(), consumer));
        assertThat(Objects.requireNonNull(consumers.get("audit")).findings())
                .as("nothing waits for it")
                .isEmpty();
        ConsumerLag billing = Objects.requireNonNull(consumers.get("billing"));
        List<Finding.Kind> kinds =
                billing.findings().stream().map(Finding::kind).toList();
        switch (Temper.of(i)) {
            case FAST -> assertThat(kinds).isEmpty();
            case SLOW, ABSENT -> assertThat(kinds).containsExactly(Finding.Kind.ABSENT);
            case STALLED -> assertThat(kinds).containsExactly(Finding.Kind.STALLED, Finding.Kind.ABSENT);
            case LOSING -> {
                assertThat(kinds).containsExactly(Finding.Kind.LOSING, Finding.Kind.ABSENT);
                assertThat(billing.lost()).as("27 were published, 15 are left").isEqualTo(12);
            }
        }
    }

    @Test
    void a_message_that_a_consumer_gives_up_is_counted() throws Exception {
        management.addStream(StreamConfiguration.builder()
                .name("TENANT_POISON")
                .subjects("tenant.poison.>")
                .storageType(StorageType.Memory)
                .build());
        management.addOrUpdateConsumer(
                "TENANT_POISON",
                ConsumerConfiguration.builder()
                        .durable("billing")
                        .ackPolicy(AckPolicy.Explicit)
                        .maxDeliver(2)
                        .build());
        try (LagWatch watch = watch(InstantSource.system())) {
            LagReport unused = watch.look();
            client.flush(Duration.ofSeconds(5));
            JetStreamSubscription application =
                    client.jetStream().subscribe(null, PullSubscribeOptions.bind("TENANT_POISON", "billing"));
            for (int i = 0; i < 3; i++) {
                client.jetStream().publish("tenant.poison.x", new byte[0]);
            }
            application.fetch(1, Duration.ofSeconds(5)).forEach(Message::term);
            for (int delivery = 0; delivery < 2; delivery++) {
                application.fetch(2, Duration.ofSeconds(5)).forEach(Message::nak);
            }
            assertThat(application.fetch(1, Duration.ofMillis(200))).isEmpty();

            Await.until("both are heard of", () -> {
                GivenUp givenUp = consumer(watch.look(), "TENANT_POISON").givenUp();
                return givenUp.maxDeliveries() == 2 && givenUp.terminated() == 1;
            });
            ConsumerLag lag = consumer(watch.look(), "TENANT_POISON");
            assertThat(lag.findings().get(0).kind()).isEqualTo(Finding.Kind.GAVE_UP);
            assertThat(lag.findings().get(0).text())
                    .startsWith(
                            "2 messages given up after 2 deliveries, 1 message refused for good by the application");
            application.unsubscribe();
        } finally {
            management.deleteStream("TENANT_POISON");
        }
    }

    @Test
    void a_consumer_that_begins_late_or_with_new_messages_has_lost_nothing() throws Exception {
        management.addStream(StreamConfiguration.builder()
                .name("TENANT_LATE")
                .subjects("tenant.late.>")
                .storageType(StorageType.Memory)
                .maxMessages(10)
                .build());
        for (int i = 0; i < 30; i++) {
            client.jetStream().publish("tenant.late.x", new byte[0]);
        }
        for (DeliverPolicy policy : List.of(DeliverPolicy.All, DeliverPolicy.New)) {
            management.addOrUpdateConsumer(
                    "TENANT_LATE",
                    ConsumerConfiguration.builder()
                            .durable("late-" + policy)
                            .deliverPolicy(policy)
                            .ackPolicy(AckPolicy.Explicit)
                            .build());
        }
        try (LagWatch watch = watch(InstantSource.system())) {
            for (ConsumerLag lag : stream(watch.look(), "TENANT_LATE").consumers()) {
                assertThat(lag.lost()).as(lag.figures().name()).isZero();
            }
            for (int i = 0; i < 5; i++) {
                client.jetStream().publish("tenant.late.x", new byte[0]);
            }
            for (ConsumerLag lag : stream(watch.look(), "TENANT_LATE").consumers()) {
                assertThat(lag.lost())
                        .as(lag.figures().name())
                        .isEqualTo(lag.figures().name().equals("late-all") ? 5 : 0);
            }
        } finally {
            management.deleteStream("TENANT_LATE");
        }
    }

    @Test
    void a_stream_that_does_not_answer_keeps_nobody_from_being_looked_at() throws Exception {
        for (String name : List.of("deaf", "fine")) {
            management.addStream(StreamConfiguration.builder()
                    .name("TENANT_" + name.toUpperCase(Locale.ROOT))
                    .subjects("tenant." + name + ".>")
                    .storageType(StorageType.Memory)
                    .metadata(Map.of("outbox.tenant", name))
                    .build());
        }
        Options deaf = new Options.Builder()
                .server(nats.url())
                .userInfo("deaf", "deaf")
                .errorListener(new ErrorListener() {}) // it is refused on purpose
                .build();
        try (Connection connection = Nats.connect(deaf);
                LagWatch watch = watch(connection, InstantSource.system())) {
            for (int look = 0; look < 2; look++) {
                assertThat(watch.look().streams())
                        .extracting(stream -> stream.figures().stream())
                        .contains("TENANT_FINE")
                        .doesNotContain("TENANT_DEAF");
            }
        } finally {
            management.deleteStream("TENANT_DEAF");
            management.deleteStream("TENANT_FINE");
        }
    }

    private static ConsumerLag consumer(LagReport report, String stream) {
        return stream(report, stream).consumers().get(0);
    }

    private static StreamLag stream(LagReport report, String name) {
        return report.streams().stream()
                .filter(stream -> stream.figures().stream().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static LagWatch watch(InstantSource clock) throws Exception {
        return watch(client, clock);
    }

    private static LagWatch watch(Connection connection, InstantSource clock) throws Exception {
        return new LagWatch(
                connection,
                Duration.ofHours(1),
                clock,
                () -> true,
                new LagWatch.Listener() {
                    @Override
                    public void looked(LagReport report) {
                        throw new IllegalStateException("nobody started it");
                    }

                    @Override
                    public void unknown(String why) {
                        throw new IllegalStateException(why);
                    }
                },
                null);
    }

    private static String tenant(int i) {
        return "t" + i;
    }

    /** Time that goes on when it is told to. */
    private static final class Ticking implements InstantSource {
        private Instant now = Instant.parse("2026-01-02T03:04:05Z");

        void seconds(long seconds) {
            now = now.plusSeconds(seconds);
        }

        @Override
        public Instant instant() {
            return now;
        }
    }
}
