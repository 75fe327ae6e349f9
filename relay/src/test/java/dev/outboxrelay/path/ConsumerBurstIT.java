package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.admin.ConsumerStatus;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.MessageConsumer;
import io.nats.client.MessageHandler;
import io.nats.client.api.ConsumerInfo;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A tenant bursts, its application does not keep up, and another tenant's application notices nothing. */
@Timeout(120)
final class ConsumerBurstIT {

    private static final int BURST = 10_000;
    private static final int QUIET = 150;

    private volatile boolean holds = true;
    private final Queue<Message> held = new ConcurrentLinkedQueue<>();
    private final Queue<Double> latencies = new ConcurrentLinkedQueue<>();
    private final AtomicInteger taken = new AtomicInteger();

    @Test
    void a_burst_of_ten_thousand_waits_behind_its_own_consumers_bound() throws Exception {
        try (Outbox outbox = Outbox.create("burst");
                TestNats nats = TestNats.start();
                RelayRig rig = outbox.relay(nats, Map.of("outbox.admin.lag-interval", "1s"))) {
            rig.awaitStreaming();
            outbox.execute("INSERT INTO outbox.consumer (name, ack_wait) VALUES ('billing', '5 minutes')");
            outbox.insert(Row.of("loud"), Row.of("quiet"));
            Connection client = nats.connection();
            try (MessageConsumer loud = application(client, "TENANT_LOUD", this::slow);
                    MessageConsumer quiet = application(client, "TENANT_QUIET", this::prompt)) {
                assertThat(loud.isStopped() || quiet.isStopped()).isFalse();
                Await.until("both applications are there", () -> taken.get() == 1 && held.size() == 1);
                calm(outbox); // warms up
                List<Double> alone = calm(outbox);

                outbox.insert(
                        IntStream.range(1, BURST).mapToObj(i -> Row.of("loud")).toList());
                List<Double> beside = calm(outbox);

                Await.until(
                        "the burst is at its bound",
                        () -> info(client).getNumAckPending() == 500
                                && info(client).getNumPending() == BURST - 500);
                Await.until(
                        "and it is said that it stalls",
                        () -> "stalled".equals(loud(rig).trouble()));
                ConsumerStatus said = loud(rig);
                List<Double> behind = calm(outbox);
                assertThat(held).hasSize(500);
                assertThat(said.ackPending()).isEqualTo(500);
                assertThat(said.pending()).isEqualTo(BURST - 500);

                long begin = System.nanoTime();
                holds = false;
                held.forEach(Message::ack);
                Await.until(
                        "everything is acknowledged",
                        Duration.ofSeconds(60),
                        () -> info(client).getAckFloor().getStreamSequence() == BURST);
                System.out.printf(
                        Locale.ROOT,
                        "burst: commit to the quiet tenant's application alone %s, while 10,000 rows of another tenant"
                                + " come %s, while these wait at their consumer's bound %s; the other consumer: %,d"
                                + " unacknowledged, %,d waiting, all acknowledged %,.1f s after its application went on%n",
                        shown(alone),
                        shown(beside),
                        shown(behind),
                        said.ackPending(),
                        said.pending(),
                        (System.nanoTime() - begin) / 1e9);
                assertThat(percentile(behind, 0.5)).isLessThan(1_000);
                assertThat(percentile(beside, 0.99)).isLessThan(5_000);
            }
        }
    }

    private static MessageConsumer application(Connection client, String stream, MessageHandler handler) {
        return Await.value(
                "consumer of " + stream,
                Duration.ofSeconds(20),
                () -> client.getStreamContext(stream)
                        .getConsumerContext("billing")
                        .consume(handler));
    }

    private void slow(Message message) {
        if (holds) {
            held.add(message);
        } else {
            message.ack();
        }
    }

    private void prompt(Message message) {
        Instant committed = Instant.parse(message.getHeaders().getFirst("Outbox-Committed-At"));
        latencies.add(ChronoUnit.MICROS.between(committed, Instant.now()) / 1_000.0);
        message.ack();
        taken.incrementAndGet();
    }

    /** One event after the other, each when the one before was taken. */
    private List<Double> calm(Outbox outbox) throws Exception {
        latencies.clear();
        for (int i = 0; i < QUIET; i++) {
            int before = taken.get();
            outbox.insert(Row.of("quiet"));
            Await.until("it was taken", () -> taken.get() > before);
        }
        return new ArrayList<>(latencies);
    }

    private static ConsumerInfo info(Connection client) throws Exception {
        return client.jetStreamManagement().getConsumerInfo("TENANT_LOUD", "billing");
    }

    private static ConsumerStatus loud(RelayRig rig) {
        return rig.relay().status().tenants().stream()
                .filter(tenant -> tenant.tenant().equals("loud"))
                .flatMap(tenant -> tenant.consumers().stream())
                .findFirst()
                .orElseThrow();
    }

    private static String shown(List<Double> millis) {
        return String.format(
                Locale.ROOT, "p50 %.1f ms, p99 %.1f ms", percentile(millis, 0.5), percentile(millis, 0.99));
    }

    private static double percentile(List<Double> values, double share) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get((int) Math.min(sorted.size() - 1L, Math.round(share * sorted.size())));
    }
}
