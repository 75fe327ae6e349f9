package dev.outboxrelay.publish;

import dev.outboxrelay.event.Position;
import dev.outboxrelay.lane.Failure;
import dev.outboxrelay.route.Envelope;
import dev.outboxrelay.route.Header;
import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.api.PublishAck;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Publishes envelopes asynchronously. Thread-safe. */
public final class JetStreamPublisher {

    private final JetStream jetStream;
    private final boolean chained;

    /**
     * Publishes over an open connection.
     *
     * @param chained whether messages carry the sequence that their stream must end with; only a test says no
     */
    public JetStreamPublisher(Connection connection, boolean chained) throws IOException {
        this.jetStream = connection.jetStream();
        this.chained = chained;
    }

    /**
     * Sends one message and returns at once.
     *
     * @param expectedLastSequence what the stream must end with for the server to store the message
     * @param outcome called exactly once, on the caller's thread or on the client library's only dispatcher thread: it
     *     must not block
     */
    public void publish(
            Envelope envelope, Position position, long expectedLastSequence, Consumer<PublishOutcome> outcome) {
        String stream = envelope.address().stream().value();
        CompletableFuture<PublishAck> answer;
        try {
            Headers headers = headers(envelope, position, expectedLastSequence);
            answer = jetStream.publishAsync(
                    envelope.subject(), headers, envelope.event().payload().bytes());
        } catch (RuntimeException e) {
            outcome.accept(new PublishOutcome.Failed(PublishErrors.classify(e)));
            return;
        }
        var unused = answer.whenComplete((ack, error) -> outcome.accept(outcome(stream, ack, error)));
    }

    private static PublishOutcome outcome(String stream, @Nullable PublishAck ack, @Nullable Throwable error) {
        if (ack == null) {
            return new PublishOutcome.Failed(
                    error == null ? Failure.doubt("empty", "an empty answer") : PublishErrors.classify(error));
        }
        if (!stream.equals(ack.getStream())) {
            return new PublishOutcome.Failed(new Failure(
                    Failure.Kind.TENANT_TROUBLE,
                    "wrong_stream",
                    "stream " + ack.getStream() + " answered for " + stream
                            + ": two streams take this tenant's subjects"));
        }
        return ack.isDuplicate()
                ? new PublishOutcome.Duplicate(ack.getSeqno())
                : new PublishOutcome.Stored(ack.getSeqno());
    }

    private Headers headers(Envelope envelope, Position position, long expectedLastSequence) {
        // each name is there once: put makes one list for it, add makes two
        Headers headers = new Headers();
        for (Header header : envelope.headers()) {
            headers.put(header.name(), header.value());
        }
        headers.put("Nats-Msg-Id", envelope.event().id().value());
        headers.put("Nats-Expected-Stream", envelope.address().stream().value());
        if (chained) {
            headers.put("Nats-Expected-Last-Sequence", Long.toString(expectedLastSequence));
        }
        headers.put("Outbox-Tenant", envelope.address().headerValue());
        headers.put(
                "Outbox-Committed-At",
                CommitTime.rfc3339(envelope.event().origin().committedAtMicros()));
        headers.put(Position.HEADER, position.encode());
        return headers;
    }
}
