package dev.outboxrelay.publish;

import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.Position;
import dev.outboxrelay.lane.Failure;
import dev.outboxrelay.lane.Outgoing;
import dev.outboxrelay.route.Envelope;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.impl.Headers;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Publishes envelopes asynchronously. Thread-safe. */
public final class JetStreamPublisher implements AutoCloseable {

    private static final HeaderBlock.Name MSG_ID = new HeaderBlock.Name("Nats-Msg-Id");
    private static final HeaderBlock.Name EXPECTED_STREAM = new HeaderBlock.Name("Nats-Expected-Stream");
    private static final HeaderBlock.Name EXPECTED_LAST_SEQUENCE = new HeaderBlock.Name("Nats-Expected-Last-Sequence");
    private static final HeaderBlock.Name BATCH_ID = new HeaderBlock.Name("Nats-Batch-Id");
    private static final HeaderBlock.Name BATCH_SEQUENCE = new HeaderBlock.Name("Nats-Batch-Sequence");
    private static final HeaderBlock.Name BATCH_COMMIT = new HeaderBlock.Name("Nats-Batch-Commit");
    private static final HeaderBlock.Name TENANT = new HeaderBlock.Name("Outbox-Tenant");
    private static final HeaderBlock.Name COMMITTED_AT = new HeaderBlock.Name("Outbox-Committed-At");
    private static final HeaderBlock.Name POSITION = new HeaderBlock.Name(Position.HEADER);

    private static final Failure NO_ANSWER = Failure.doubt("timeout", "no answer from the server in time");

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
                    headers(envelope, position, expectedLastSequence, null),
                    envelope.event().payload().bytes());
        } catch (RuntimeException e) {
            if (answers.forget(replySubject)) {
                outcome.accept(new PublishOutcome.Failed(PublishErrors.notSent(e)));
            }
        }
    }

    /**
     * Sends all of these as one atomic batch (NATS ADR-50) and returns at once. They all go to one stream. Only the
     * last message commits the batch, and only it is answered; only the first may say what the stream must end with.
     *
     * @param expectedLastSequence what the stream must end with for the server to store the batch
     * @param outcome called exactly once, as for a single message
     */
    public void publishBatch(List<Outgoing> batch, long expectedLastSequence, Consumer<BatchOutcome> outcome) {
        String stream = envelope(batch.get(0)).address().stream().value();
        String replySubject = answers.expect(new BatchTaker(stream, outcome));
        // nobody else has this subject, so nobody else has this id; the server takes 64 characters
        String id = replySubject.substring(Math.max(0, replySubject.length() - 64));
        try {
            for (int i = 0; i < batch.size(); i++) {
                Envelope envelope = envelope(batch.get(i));
                boolean last = i + 1 == batch.size();
                connection.publish(
                        envelope.subject(),
                        last ? replySubject : null,
                        headers(envelope, batch.get(i).position(), expectedLastSequence, new Place(id, i + 1, last)),
                        envelope.event().payload().bytes());
            }
        } catch (RuntimeException e) {
            // without its last message nothing of it can be stored
            if (answers.forget(replySubject)) {
                outcome.accept(new BatchOutcome.Failed(PublishErrors.notSent(e)));
            }
        }
    }

    private static Envelope envelope(Outgoing sent) {
        return Objects.requireNonNull(sent.item().envelope());
    }

    /** Where in a batch a message is; {@code number} counts from 1. */
    private record Place(String batch, int number, boolean last) {}

    private record BatchTaker(String stream, Consumer<BatchOutcome> outcome) implements AckInbox.Taker {
        @Override
        public void answered(Message answer) {
            outcome.accept(
                    answer.isStatusMessage()
                            ? new BatchOutcome.Failed(
                                    PublishErrors.status(answer.getStatus().getCode()))
                            : PubAck.readBatch(answer.getData(), stream));
        }

        @Override
        public void unanswered() {
            outcome.accept(new BatchOutcome.Failed(NO_ANSWER));
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
            outcome.accept(new PublishOutcome.Failed(NO_ANSWER));
        }
    }

    /** Stops listening for answers. */
    @Override
    public void close() {
        answers.close();
    }

    private Headers headers(Envelope envelope, Position position, long expectedLastSequence, @Nullable Place place) {
        HeaderBlock.Writer headers = new HeaderBlock.Writer();
        for (Header header : envelope.headers()) {
            headers.name(header.name()).text(header.value());
        }
        headers.name(MSG_ID).text(envelope.event().id().value());
        headers.name(EXPECTED_STREAM).text(envelope.address().stream().value());
        if (chained && (place == null || place.number == 1)) {
            headers.name(EXPECTED_LAST_SEQUENCE).number(expectedLastSequence);
        }
        if (place != null) {
            headers.name(BATCH_ID).text(place.batch);
            headers.name(BATCH_SEQUENCE).number(place.number);
            if (place.last) {
                headers.name(BATCH_COMMIT).literal('1');
            }
        }
        headers.name(TENANT).text(envelope.address().headerValue());
        CommitTime.append(envelope.event().origin().committedAtMicros(), headers.name(COMMITTED_AT));
        position.appendTo(headers.name(POSITION));
        return headers.end();
    }
}
