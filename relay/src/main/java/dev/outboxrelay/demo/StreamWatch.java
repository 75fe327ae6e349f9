package dev.outboxrelay.demo;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.Message;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.OrderedConsumerConfiguration;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Looks at the tenants' streams from outside, with a connection of its own and without asking the relay.
 *
 * <p>The latency of an event is the time from its commit, as the header {@code Outbox-Committed-At} says, to the moment
 * at which the server stored it, as the stream says: then the server sends the PubAck, whose way back over loopback is
 * all that is missing. An ordered consumer of headers alone costs next to nothing; both times are of this machine's
 * clock.
 *
 * <p>{@link #refresh} is for one thread; the rest for any.
 */
final class StreamWatch {

    static final int NOT_FOUND = 404;

    private final Connection nats;
    private final JetStreamManagement management;
    private final Map<String, Long> messages = new HashMap<>();
    private final Map<String, TenantLatencies> latencies = new HashMap<>();

    StreamWatch(Connection nats) throws DemoFailed {
        try {
            this.nats = nats;
            this.management = nats.jetStreamManagement();
        } catch (IOException e) {
            throw new DemoFailed("no JetStream", e);
        }
        for (SampleTenant tenant : SampleTenant.ALL) {
            latencies.put(tenant.id(), new TenantLatencies(System.nanoTime()));
        }
    }

    /**
     * Asks for the size of every stream, and begins to follow those that are new. What cannot be had stays as it was.
     */
    void refresh() throws InterruptedException {
        for (SampleTenant tenant : SampleTenant.ALL) {
            try {
                long count = management
                        .getStreamInfo(tenant.stream())
                        .getStreamState()
                        .getMsgCount();
                if (!messages.containsKey(tenant.id())) {
                    follow(tenant);
                }
                messages.put(tenant.id(), count);
            } catch (JetStreamApiException e) {
                if (e.getErrorCode() == NOT_FOUND) {
                    continue; // its first event has not come yet
                }
                return;
            } catch (IOException | IllegalStateException away) {
                return;
            }
        }
    }

    private void follow(SampleTenant tenant) throws IOException, JetStreamApiException {
        TenantLatencies into = latencies(tenant);
        nats.getStreamContext(tenant.stream())
                .createOrderedConsumer(
                        new OrderedConsumerConfiguration().headersOnly(true).deliverPolicy(DeliverPolicy.All))
                .consume(message -> record(message, into));
    }

    private static void record(Message message, TenantLatencies into) {
        String committed = message.hasHeaders() ? message.getHeaders().getFirst("Outbox-Committed-At") : null;
        if (committed != null) {
            Instant stored = message.metaData().timestamp().toInstant();
            Duration latency = Duration.between(Instant.parse(committed), stored);
            into.record(latency.isNegative() ? Duration.ZERO : latency, System.nanoTime());
        }
    }

    /** Messages in a tenant's stream when it was last asked. */
    long messages(SampleTenant tenant) {
        return messages.getOrDefault(tenant.id(), 0L);
    }

    TenantLatencies latencies(SampleTenant tenant) {
        return Objects.requireNonNull(latencies.get(tenant.id()));
    }
}
