package dev.outboxrelay.publish;

import dev.outboxrelay.event.Position;
import dev.outboxrelay.lane.Failure;
import dev.outboxrelay.route.Envelope;
import dev.outboxrelay.route.Header;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.impl.Headers;
import java.util.function.Consumer;

/** Publishes envelopes asynchronously. Thread-safe. */
public final class JetStreamPublisher implements AutoCloseable {

    private final Connection connection;
    private final AckInbox answers;
    private final boolean chained;

    /**
     * Publishes over an open connection.
     *
     * @param chained whether messages carry the sequence that their stream must end with; only a test says no
     */
    public JetStreamPublisher(Connection connection, boolean chained) {
        this.connection = connection;
        this.answers = new AckInbox(connection);
        this.chained = chained;
    }

    /**
     * Sends one message and returns at once.
     *
     * @param expectedLastSequence what the stream must end with for the server to store the message
     * @param outcome called exactly once, on the caller's thread or on one that serves all answers: it must not block
     */
    public void publish(
            Envelope envelope, Position position, long expectedLastSequence, Consumer<PublishOutcome> outcome) {
        String replySubject =
                answers.expect(new Taker(envelope.address().stream().value(), outcome));
        try {
            connection.publish(
                    envelope.subject(),
                    replySubject,
                    headers(envelope, position, expectedLastSequence),
                    envelope.event().payload().bytes());
        } catch (RuntimeException e) {
            answers.forget(replySubject);
            outcome.accept(new PublishOutcome.Failed(PublishErrors.notSent(e)));
        }
    }

    private record Taker(String stream, Consumer<PublishOutcome> outcome) implements AckInbox.Taker {
        @Override
        public void answered(Message answer) {
            outcome.accept(
                    answer.isStatusMessage()
                            ? new PublishOutcome.Failed(
                                    PublishErrors.status(answer.getStatus().getCode()))
                            : PubAck.read(answer.getData(), stream));
        }

        @Override
        public void unanswered() {
            outcome.accept(new PublishOutcome.Failed(Failure.doubt("timeout", "no answer from the server in time")));
        }
    }

    /** Stops listening for answers. */
    @Override
    public void close() {
        answers.close();
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
