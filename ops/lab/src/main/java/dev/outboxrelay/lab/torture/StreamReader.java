package dev.outboxrelay.lab.torture;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.PushSubscribeOptions;
import io.nats.client.api.StreamState;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads whole streams with a plain client, as any consumer could. One thread. */
final class StreamReader implements AutoCloseable {

    private static final Duration SILENCE = Duration.ofSeconds(20);

    private final Connection client;
    private final JetStreamManagement management;

    StreamReader(List<String> servers) throws IOException {
        Options options = Options.builder()
                .servers(servers.toArray(String[]::new))
                .maxReconnects(-1)
                .reconnectWait(Duration.ofMillis(100))
                .supportUTF8Subjects()
                .build();
        try {
            client = Nats.connect(options);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        management = client.jetStreamManagement();
    }

    List<String> names() throws IOException, JetStreamApiException {
        return management.getStreamNames();
    }

    /** How many messages each stream holds. */
    Map<String, Long> sizes() throws IOException, JetStreamApiException {
        Map<String, Long> sizes = new HashMap<>();
        for (var stream : management.getStreams()) {
            sizes.put(
                    stream.getConfiguration().getName(), stream.getStreamState().getMsgCount());
        }
        return sizes;
    }

    StreamContents read(String stream) throws IOException, JetStreamApiException, InterruptedException {
        StreamState state = management.getStreamInfo(stream).getStreamState();
        List<Stored> messages = new ArrayList<>();
        if (state.getMsgCount() > 0) {
            JetStreamSubscription subscription = client.jetStream()
                    .subscribe(
                            ">",
                            PushSubscribeOptions.builder().stream(stream)
                                    .ordered(true)
                                    .build());
            while (messages.size() < state.getMsgCount()) {
                Message message = subscription.nextMessage(SILENCE);
                if (message == null) {
                    throw new IOException(
                            "stream " + stream + " gave " + messages.size() + " of " + state.getMsgCount());
                }
                messages.add(new Stored(
                        message.metaData().streamSequence(),
                        message.getSubject(),
                        Ledger.digest(message.getData()),
                        headers(message.getHeaders())));
            }
            subscription.unsubscribe();
        }
        return new StreamContents(stream, state.getFirstSequence(), state.getLastSequence(), messages);
    }

    private static Map<String, List<String>> headers(@org.jspecify.annotations.Nullable Headers headers) {
        Map<String, List<String>> all = new HashMap<>();
        if (headers != null) {
            headers.forEach((name, values) -> all.put(name, List.copyOf(values)));
        }
        return all;
    }

    @Override
    public void close() {
        try {
            client.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
