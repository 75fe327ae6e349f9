package dev.outboxrelay.adopt;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.PushSubscribeOptions;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DeliverPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * One message of a tenant's stream, as any consumer sees it.
 *
 * @param byRelay whether it has the header that only the relay sets
 */
record Published(String tenant, String subject, JsonNode body, boolean byRelay) {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration SILENCE = Duration.ofSeconds(5);

    /** What lies behind a sequence of the tenants' streams, tenant by tenant. */
    static List<Published> after(long sequence, Connection client, List<String> tenants) throws Exception {
        List<Published> all = new ArrayList<>();
        for (String tenant : tenants) {
            read(client, tenant, sequence, all);
        }
        return all;
    }

    static String stream(String tenant) {
        return "TENANT_" + tenant.toUpperCase(java.util.Locale.ROOT);
    }

    /** How many messages all streams hold. */
    static long count(Connection client) throws Exception {
        JetStreamManagement management = client.jetStreamManagement();
        return management.getStreams().stream()
                .mapToLong(stream -> stream.getStreamState().getMsgCount())
                .sum();
    }

    private static void read(Connection client, String tenant, long sequence, List<Published> into) throws Exception {
        long end = client.jetStreamManagement()
                .getStreamInfo(stream(tenant))
                .getStreamState()
                .getLastSequence();
        if (end <= sequence) {
            return;
        }
        PushSubscribeOptions options = PushSubscribeOptions.builder().stream(stream(tenant))
                .ordered(true)
                .configuration(ConsumerConfiguration.builder()
                        .deliverPolicy(DeliverPolicy.ByStartSequence)
                        .startSequence(sequence + 1)
                        .build())
                .build();
        JetStreamSubscription subscription = client.jetStream().subscribe(">", options);
        try {
            while (true) {
                Message message = subscription.nextMessage(SILENCE);
                if (message == null) {
                    throw new IOException("the stream of " + tenant + " fell silent before its end");
                }
                boolean byRelay =
                        message.getHeaders() != null && message.getHeaders().getFirst("Outbox-Committed-At") != null;
                into.add(new Published(tenant, message.getSubject(), JSON.readTree(message.getData()), byRelay));
                if (message.metaData().pendingCount() == 0) {
                    return;
                }
            }
        } finally {
            subscription.unsubscribe();
        }
    }
}
