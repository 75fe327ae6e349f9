package dev.outboxrelay.lab;

import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.PublishAck;
import io.nats.client.impl.Headers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The client library alone: the messages of the backlog, made up on the spot, published asynchronously with the ids and
 * headers that the relay sends, but without expected sequences; and nothing else.
 */
record PublishLoop() implements Storing {

    private static final int IN_FLIGHT = 4_000;

    @Override
    public String key() {
        return "b";
    }

    @Override
    public String title() {
        return "(b) publish loop (jnats)";
    }

    @Override
    public Mover start(Servers servers, Load load, SlotCopy slot) throws Exception {
        return ChildJvm.start(PublishLoop.class, arguments(servers, load));
    }

    /** What a publishing process has to know: NATS address, rows, bytes, tenants. */
    static List<String> arguments(Servers servers, Load load) {
        return List.of(
                servers.nats().url(),
                Integer.toString(load.rows()),
                Integer.toString(load.bytes()),
                Integer.toString(load.tenants()));
    }

    /** The load in such arguments. */
    static Load load(String... arguments) {
        return new Load(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]));
    }

    /** Connects as the relay does. */
    static Connection connect(String url) throws Exception {
        return Nats.connect(Options.builder()
                .server(url)
                .dontForceFlushOnRequest()
                .maxMessagesInOutgoingQueue(100_000)
                .requestCleanupInterval(Duration.ofSeconds(2))
                .build());
    }

    /** The process: NATS address, rows, bytes, tenants. It stays until its stdin ends. */
    public static void main(String[] arguments) throws Exception {
        Load load = load(arguments);
        Connection connection = connect(arguments[0]);
        publish(connection.jetStream(), load);
        int unused = System.in.read();
        connection.close();
    }

    private static void publish(JetStream jetStream, Load load) throws Exception {
        Semaphore permits = new Semaphore(IN_FLIGHT);
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        SplittableRandom random = new SplittableRandom(1);
        for (int row = 0; row < load.rows() && failure.get() == null; row++) {
            permits.acquire();
            String tenant = Backlog.tenant(row, load.tenants());
            byte[] payload = new byte[load.bytes()];
            ByteBuffer.wrap(payload).putLong(row / load.tenants());
            CompletableFuture<PublishAck> answer = jetStream.publishAsync(
                    "tenant." + tenant + ".events.bench.row",
                    headers(tenant, row, new UUID(random.nextLong(), random.nextLong()).toString()),
                    payload);
            var unused = answer.whenComplete((ack, error) -> {
                if (error != null) {
                    failure.set(error);
                }
                permits.release();
            });
        }
        permits.acquire(IN_FLIGHT);
        Throwable failed = failure.get();
        if (failed != null) {
            throw new IllegalStateException("a message was not stored", failed);
        }
    }

    /** As many and as long as the relay's. */
    static Headers headers(String tenant, int row, String id) {
        Headers headers = new Headers();
        headers.put("Nats-Msg-Id", id);
        headers.put("Nats-Expected-Stream", StoredMessages.stream(tenant));
        headers.put("Outbox-Tenant", tenant);
        headers.put("Outbox-Committed-At", "2026-01-01T00:00:00.000000Z");
        headers.put("Outbox-Position", "1;1;7500000000000000000;1;bench_drain;0/5A3B2C18;0/5A3B2A00;" + row + ";" + id);
        return headers;
    }
}
