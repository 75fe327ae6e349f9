package dev.outboxrelay.lab;

import dev.outboxrelay.testing.NatsNode;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The streams of a benchmark's tenants. One thread. */
final class TenantStreams {

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Pattern MESSAGES = Pattern.compile("\"messages\": ?(\\d+)");

    private final JetStreamManagement management;
    private final NatsNode node;

    private TenantStreams(JetStreamManagement management, NatsNode node) {
        this.management = management;
        this.node = node;
    }

    static TenantStreams of(Servers servers) throws IOException, InterruptedException {
        return new TenantStreams(
                servers.nats().connection().jetStreamManagement(),
                servers.nats().node(0));
    }

    /** Makes them with the relay's defaults and so many replicas, for those who do not make their own. */
    void create(int tenants, int replicas, Batches batches) throws Exception {
        for (int i = 0; i < tenants; i++) {
            String tenant = Backlog.tenant(i, tenants);
            StreamConfiguration.Builder stream = StreamConfiguration.builder()
                    .name(StoredMessages.stream(tenant))
                    .subjects("tenant." + tenant + ".>")
                    .storageType(StorageType.File)
                    .replicas(replicas)
                    .discardPolicy(DiscardPolicy.Old)
                    .maxAge(Duration.ofDays(7))
                    .maxMessages(1_000_000)
                    .duplicateWindow(Duration.ofMinutes(2));
            if (batches == Batches.FAST) {
                stream.allowBatched();
            } else if (batches == Batches.ATOMIC) {
                stream.allowAtomicPublish();
            }
            StreamInfo unused = management.addStream(stream.build());
        }
    }

    /** Deletes every stream of the server. */
    void deleteAll() throws Exception {
        for (String stream : management.getStreamNames()) {
            boolean deleted = management.deleteStream(stream);
            if (!deleted) {
                System.err.println("stream " + stream + " could not be deleted: the next round starts behind it");
            }
        }
    }

    /** How many messages all streams hold; cheap enough to be asked for ten times a second. */
    long stored() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(node.monitorUrl() + "/jsz"))
                .timeout(Duration.ofSeconds(10))
                .build();
        String answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body();
        Matcher messages = MESSAGES.matcher(answer);
        if (!messages.find()) {
            throw new IOException("/jsz does not tell the number of messages: " + answer);
        }
        return Long.parseLong(messages.group(1));
    }

    /** When the server stored the first and the last of all messages. */
    record Span(Instant first, Instant last) {}

    Span span() throws Exception {
        List<StreamInfo> streams = management.getStreams();
        return new Span(
                streams.stream()
                        .map(stream -> stream.getStreamState().getFirstTime().toInstant())
                        .min(Instant::compareTo)
                        .orElseThrow(),
                streams.stream()
                        .map(stream -> stream.getStreamState().getLastTime().toInstant())
                        .max(Instant::compareTo)
                        .orElseThrow());
    }

    /**
     * Whether every tenant's stream holds as many messages as it has rows.
     *
     * @return empty, or what is wrong
     */
    String compareCounts(Load load) throws Exception {
        for (int i = 0; i < load.tenants(); i++) {
            String stream = StoredMessages.stream(Backlog.tenant(i, load.tenants()));
            long messages = management.getStreamInfo(stream).getStreamState().getMsgCount();
            if (messages != load.each()) {
                return stream + " holds " + messages + " messages instead of " + load.each();
            }
        }
        return "";
    }
}
