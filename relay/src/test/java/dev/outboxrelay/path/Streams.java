package dev.outboxrelay.path;

import dev.outboxrelay.testing.Await;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.PushSubscribeOptions;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What any NATS client sees of the tenants' streams. */
final class Streams {

    private static final Duration SILENCE = Duration.ofSeconds(5);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Streams() {}

    /** The name of a plain tenant's stream. */
    static String of(String tenant) {
        return "TENANT_" + tenant.toUpperCase(Locale.ROOT);
    }

    /** Every message of a stream in order; empty when there is no such stream. */
    static List<Message> messages(Connection client, String stream) throws Exception {
        return read(client, stream, false);
    }

    /** The ids in a plain tenant's stream, in order. */
    static List<String> ids(Connection client, String tenant) throws Exception {
        return idsIn(client, of(tenant));
    }

    static List<String> idsIn(Connection client, String stream) throws Exception {
        return read(client, stream, true).stream().map(Streams::id).toList();
    }

    static String id(Message message) {
        return String.valueOf(message.getHeaders().getFirst("Nats-Msg-Id"));
    }

    private static List<Message> read(Connection client, String stream, boolean headersOnly) throws Exception {
        long size = size(client, stream);
        if (size == 0) {
            return List.of();
        }
        PushSubscribeOptions options = PushSubscribeOptions.builder().stream(stream)
                .ordered(true)
                .configuration(
                        ConsumerConfiguration.builder().headersOnly(headersOnly).build())
                .build();
        JetStreamSubscription subscription = client.jetStream().subscribe(">", options);
        try {
            List<Message> all = new ArrayList<>();
            while (true) {
                Message message = subscription.nextMessage(SILENCE);
                if (message == null) {
                    throw new IOException("stream " + stream + " stopped after " + all.size() + " of " + size);
                }
                all.add(message);
                if (message.metaData().pendingCount() == 0) {
                    return all;
                }
            }
        } finally {
            subscription.unsubscribe();
        }
    }

    /** How many messages a stream holds; 0 when there is none. */
    static long size(Connection client, String stream) throws IOException, JetStreamApiException {
        JetStreamManagement management = client.jetStreamManagement();
        return management.getStreamNames().contains(stream)
                ? management.getStreamInfo(stream).getStreamState().getMsgCount()
                : 0;
    }

    /** Waits until so many more messages are in all streams together than at the call. */
    static void awaitMore(Connection client, int messages) throws Exception {
        long before = Await.value("the streams", PATIENCE, () -> total(client));
        Await.until(messages + " more messages", PATIENCE, () -> total(client) >= before + messages);
    }

    /** How many messages all streams hold together. */
    static long total(Connection client) throws IOException, JetStreamApiException {
        return client.jetStreamManagement().getStreams().stream()
                .mapToLong(stream -> stream.getStreamState().getMsgCount())
                .sum();
    }

    /** The beginnings of a stream of a plain tenant that somebody made before its first event came. */
    static StreamConfiguration.Builder preparedFor(String tenant) {
        return StreamConfiguration.builder()
                .name(of(tenant))
                .subjects("tenant." + tenant + ".>")
                .storageType(StorageType.File)
                .duplicateWindow(Duration.ofMillis(100))
                .metadata(Map.of("outbox.tenant", tenant));
    }

    /** The ids in the stream of each of these plain tenants, as {@link Outbox#committed()} has them. */
    static Map<String, List<String>> idsOf(Connection client, Iterable<String> tenants) throws Exception {
        Map<String, List<String>> all = new TreeMap<>();
        for (String tenant : tenants) {
            all.put(tenant, ids(client, tenant));
        }
        return all;
    }
}
