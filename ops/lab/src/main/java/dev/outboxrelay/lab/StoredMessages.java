package dev.outboxrelay.lab;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.PushSubscribeOptions;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Reads tenants' streams with a plain client. One thread. */
record StoredMessages(Connection client) {

    private static final Duration SILENCE = Duration.ofSeconds(30);

    /** An event of which the stream tells when it was stored, and the message when it was committed. */
    record Timed(Instant committed, double millis) {}

    static String stream(String tenant) {
        return "TENANT_" + tenant.toUpperCase(Locale.ROOT);
    }

    StreamInfo info(String tenant) throws IOException, JetStreamApiException {
        return client.jetStreamManagement().getStreamInfo(stream(tenant));
    }

    /** The sequence of the last message of a tenant; 0 when there is no stream yet. */
    long last(String tenant) throws IOException, JetStreamApiException {
        return client.jetStreamManagement().getStreamNames().contains(stream(tenant))
                ? info(tenant).getStreamState().getLastSequence()
                : 0;
    }

    /** Times of all messages behind a sequence, from the headers alone. */
    void times(String tenant, long behind, Consumer<Timed> each) throws Exception {
        read(tenant, behind, true, message -> {
            Instant committed = Instant.parse(message.getHeaders().getFirst("Outbox-Committed-At"));
            Instant stored = message.metaData().timestamp().toInstant();
            each.accept(new Timed(committed, ChronoUnit.MICROS.between(committed, stored) / 1_000.0));
        });
    }

    /** When each message behind a sequence was stored, by the number that its payload begins with. */
    void storedAt(String tenant, long behind, BiConsumer<Long, Instant> each) throws Exception {
        read(
                tenant,
                behind,
                false,
                message -> each.accept(
                        number(message), message.metaData().timestamp().toInstant()));
    }

    /** When the row of the message with this sequence was committed. */
    Instant committed(String tenant, long sequence) throws Exception {
        List<Instant> committed = new ArrayList<>();
        times(tenant, sequence - 1, timed -> committed.add(timed.committed()));
        return committed.get(0);
    }

    /**
     * Whether the messages behind a sequence are these and in this order: each payload begins with its number.
     *
     * @return empty, or what is wrong
     */
    String compare(String tenant, long behind, long firstNumber, long count) throws Exception {
        long[] next = {firstNumber};
        StringBuilder wrong = new StringBuilder();
        read(tenant, behind, false, message -> {
            long number = number(message);
            if (number != next[0] && wrong.length() == 0) {
                wrong.append(tenant + ": number " + number + " is where " + next[0] + " belongs");
            }
            next[0]++;
        });
        if (wrong.length() == 0 && next[0] != firstNumber + count) {
            wrong.append(tenant + ": " + (next[0] - firstNumber) + " messages instead of " + count);
        }
        return wrong.toString();
    }

    private static long number(Message message) {
        return ByteBuffer.wrap(message.getData()).getLong();
    }

    private void read(String tenant, long behind, boolean headersOnly, Consumer<Message> each) throws Exception {
        if (last(tenant) <= behind) {
            return;
        }
        PushSubscribeOptions options = PushSubscribeOptions.builder().stream(stream(tenant))
                .ordered(true)
                .configuration(ConsumerConfiguration.builder()
                        .headersOnly(headersOnly)
                        .deliverPolicy(DeliverPolicy.ByStartSequence)
                        .startSequence(behind + 1)
                        .build())
                .build();
        JetStreamSubscription subscription = client.jetStream().subscribe(">", options);
        try {
            while (true) {
                Message message = subscription.nextMessage(SILENCE);
                if (message == null) {
                    throw new IOException("stream " + stream(tenant) + " fell silent before its end");
                }
                each.accept(message);
                if (message.metaData().pendingCount() == 0) {
                    return;
                }
            }
        } finally {
            subscription.unsubscribe();
        }
    }
}
