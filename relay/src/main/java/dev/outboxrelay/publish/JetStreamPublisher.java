package dev.outboxrelay.publish;

import dev.outboxrelay.event.CommitTime;
import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.Position;
import dev.outboxrelay.lane.Failure;
import dev.outboxrelay.route.CloudEvents;
import dev.outboxrelay.route.Envelope;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.impl.Headers;
import java.util.function.Consumer;

/** Publishes envelopes asynchronously. Thread-safe. */
public final class JetStreamPublisher implements AutoCloseable {

    private static final HeaderBlock.Name MSG_ID = new HeaderBlock.Name("Nats-Msg-Id");
    private static final HeaderBlock.Name EXPECTED_STREAM = new HeaderBlock.Name("Nats-Expected-Stream");
    private static final HeaderBlock.Name EXPECTED_LAST_SEQUENCE = new HeaderBlock.Name("Nats-Expected-Last-Sequence");
    private static final HeaderBlock.Name TENANT = new HeaderBlock.Name("Outbox-Tenant");
    private static final HeaderBlock.Name COMMITTED_AT = new HeaderBlock.Name("Outbox-Committed-At");
    private static final HeaderBlock.Name POSITION = new HeaderBlock.Name(Position.HEADER);

    private final Connection connection;
    private final AckInbox answers;
    private final CloudEvents cloudEvents;
    private final boolean chained;

    /**
     * Publishes over an open connection.
     *
     * @param cloudEvents the attributes that messages get
     * @param chained whether messages carry the sequence that their stream must end with; only a test says no
     */
    public JetStreamPublisher(Connection connection, CloudEvents cloudEvents, boolean chained) {
        this.connection = connection;
        this.answers = new AckInbox(connection);
        this.cloudEvents = cloudEvents;
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
            if (answers.forget(replySubject)) {
                outcome.accept(new PublishOutcome.Failed(PublishErrors.notSent(e)));
            }
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
        HeaderBlock.Writer headers = new HeaderBlock.Writer();
        for (Header header : envelope.headers()) {
            headers.name(header.name()).text(header.value());
        }
        if (cloudEvents.isOn()) {
            cloudEvents.append(envelope, headers.lines());
        }
        headers.name(MSG_ID).text(envelope.event().id().value());
        headers.name(EXPECTED_STREAM).text(envelope.address().stream().value());
        if (chained) {
            headers.name(EXPECTED_LAST_SEQUENCE).number(expectedLastSequence);
        }
        headers.name(TENANT).text(envelope.address().headerValue());
        CommitTime.append(envelope.event().origin().committedAtMicros(), headers.name(COMMITTED_AT));
        position.appendTo(headers.name(POSITION));
        return headers.end();
    }
}
