package dev.outboxrelay.demo;

import io.nats.client.Connection;
import io.nats.client.ConsumeOptions;
import io.nats.client.IterableConsumer;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamStatusCheckedException;
import io.nats.client.Message;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.OrderedConsumerConfiguration;
import io.nats.client.api.StreamState;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A stream's messages in order, up to the last one. Nobody may publish meanwhile. */
final class StreamContents implements Contents, AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int AT_ONCE = 64;

    private final String stream;
    private final long firstSequence;
    private final @Nullable IterableConsumer messages;
    private long read;
    private boolean ended;

    private StreamContents(String stream, long firstSequence, @Nullable IterableConsumer messages) {
        this.stream = stream;
        this.firstSequence = firstSequence;
        this.messages = messages;
    }

    static StreamContents open(Connection nats, String stream) throws IOException, JetStreamApiException {
        StreamState state = nats.jetStreamManagement().getStreamInfo(stream).getStreamState();
        IterableConsumer messages = state.getMsgCount() == 0
                ? null
                : nats.getStreamContext(stream)
                        .createOrderedConsumer(new OrderedConsumerConfiguration().deliverPolicy(DeliverPolicy.All))
                        .iterate(ConsumeOptions.builder().batchSize(AT_ONCE).build());
        return new StreamContents(stream, state.getFirstSequence(), messages);
    }

    /** Of a stream that does not exist. */
    static StreamContents none(String stream) {
        return new StreamContents(stream, 0, null);
    }

    /** How many messages its limits have dropped at its beginning. */
    long dropped() {
        return Math.max(0, firstSequence - 1);
    }

    @Override
    public @Nullable Content next() throws DemoFailed {
        if (messages == null || ended) {
            return null;
        }
        try {
            Message message = messages.nextMessage(PATIENCE);
            if (message == null) {
                throw new DemoFailed("stream " + stream + " gave no message behind sequence " + read + " for "
                        + PATIENCE.toSeconds() + " s");
            }
            read = message.metaData().streamSequence();
            ended = message.metaData().pendingCount() == 0; // the last sequence itself may have been deleted
            Headers headers = message.hasHeaders() ? message.getHeaders() : new Headers();
            return new Content(
                    String.valueOf(headers.getFirst("Nats-Msg-Id")),
                    String.valueOf(headers.getFirst("Outbox-Tenant")),
                    Fingerprint.of(
                            message.getSubject(),
                            Fingerprint.sha256(message.getData()),
                            headers.getFirst("traceparent"),
                            headers.getFirst("content-type")));
        } catch (JetStreamStatusCheckedException e) {
            throw new DemoFailed("cannot read stream " + stream, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DemoFailed("interrupted while reading stream " + stream, e);
        }
    }

    @Override
    public void close() {
        if (messages != null) {
            messages.stop();
        }
    }
}
