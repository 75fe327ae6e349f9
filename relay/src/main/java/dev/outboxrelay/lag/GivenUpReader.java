package dev.outboxrelay.lag;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outboxrelay.consumer.GivenUpMessage;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.lane.ServerErrors;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.MessageInfo;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the messages that the server says consumers gave up, on a thread of its own. What it cannot read in time,
 * because more are given up than can be read or NATS does not answer, is said and left out: the messages lie in their
 * stream all the same.
 */
public final class GivenUpReader implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(GivenUpReader.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Most that wait to be read. */
    private static final int MOST = 10_000;

    private static final int TRIES = 5;

    /** What an advisory says. */
    private record Advisory(
            String stream,
            String consumer,
            long sequence,
            boolean terminated,
            int deliveries,
            @Nullable String reason,
            Instant at) {}

    private final JetStreamManagement management;
    private final Consumer<GivenUpMessage> reader;
    private final BlockingQueue<Advisory> queue = new ArrayBlockingQueue<>(MOST);
    private final Thread thread;
    private long leftOut;

    /**
     * Begins with {@link #start}.
     *
     * @param read called on the reader's thread with each message
     */
    public GivenUpReader(Connection connection, Consumer<GivenUpMessage> read) throws IOException {
        this.management = connection.jetStreamManagement();
        this.reader = read;
        this.thread = new Thread(this::loop, "outbox-given-up");
        this.thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    /** The server has said this. On the connection's thread: never waits. */
    void heard(byte[] advisory, boolean terminated) {
        Advisory heard = parsed(advisory, terminated);
        if (heard != null && heard.stream().startsWith("TENANT_") && !queue.offer(heard)) {
            leaveOut(heard, "more than " + MOST + " wait to be read");
        }
    }

    private static @Nullable Advisory parsed(byte[] advisory, boolean terminated) {
        try {
            JsonNode json = JSON.readTree(advisory);
            String stream = json.path("stream").asText("");
            String consumer = json.path("consumer").asText("");
            long sequence = json.path("stream_seq").asLong(0);
            if (stream.isEmpty() || consumer.isEmpty() || sequence == 0) {
                return null;
            }
            String reason = json.path("reason").asText("");
            return new Advisory(
                    stream,
                    consumer,
                    sequence,
                    terminated,
                    json.path("deliveries").asInt(0),
                    reason.isEmpty() ? null : reason,
                    time(json.path("timestamp").asText("")));
        } catch (IOException e) {
            log.atDebug().addKeyValue("error", e.getMessage()).log("an advisory that cannot be read");
            return null;
        }
    }

    private static Instant time(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            return Instant.EPOCH;
        }
    }

    private void loop() {
        try {
            while (true) {
                Advisory next = queue.take();
                try {
                    GivenUpMessage message = read(next);
                    if (message != null) {
                        reader.accept(message);
                    }
                } catch (RuntimeException e) {
                    leaveOut(next, e.toString()); // one message that is odd stops no other
                }
            }
        } catch (InterruptedException e) {
            log.debug("stopped");
        }
    }

    private @Nullable GivenUpMessage read(Advisory advisory) throws InterruptedException {
        String why = "";
        for (int i = 1; i <= TRIES; i++) {
            try {
                return message(advisory, management.getMessage(advisory.stream(), advisory.sequence()));
            } catch (JetStreamApiException e) {
                if (e.getApiErrorCode() == ServerErrors.MESSAGE_NOT_FOUND
                        || e.getApiErrorCode() == ServerErrors.STREAM_NOT_FOUND) {
                    return message(advisory, null);
                }
                why = String.valueOf(e.getMessage());
            } catch (IOException | IllegalStateException e) {
                why = String.valueOf(e.getMessage());
            }
            TimeUnit.MILLISECONDS.sleep(200L * i);
        }
        leaveOut(advisory, why);
        return null;
    }

    private synchronized void leaveOut(Advisory advisory, String why) {
        if (leftOut++ % 1_000 == 0) {
            log.atWarn()
                    .addKeyValue("stream", advisory.stream())
                    .addKeyValue("consumer", advisory.consumer())
                    .addKeyValue("sequence", advisory.sequence())
                    .addKeyValue("error", why)
                    .addKeyValue("leftOut", leftOut)
                    .log("a message that a consumer gave up could not be read: it becomes no dead letter");
        }
    }

    private static GivenUpMessage message(Advisory advisory, @Nullable MessageInfo found) {
        Headers headers = found == null || found.getHeaders() == null ? new Headers() : found.getHeaders();
        byte[] data = found == null ? null : found.getData();
        return new GivenUpMessage(
                advisory.stream(),
                advisory.consumer(),
                advisory.sequence(),
                headers.getFirst("Outbox-Tenant"),
                headers.getFirst("Nats-Msg-Id"),
                found == null ? null : found.getSubject(),
                own(headers),
                found == null ? null : Payload.of(data == null ? new byte[0] : data),
                committed(headers.getFirst("Outbox-Committed-At")),
                advisory.terminated(),
                advisory.deliveries(),
                advisory.reason(),
                advisory.at());
    }

    /** Those that the row had, or whoever else published the message. */
    private static @Nullable String own(Headers headers) {
        ObjectNode json = JSON.createObjectNode();
        for (String name : headers.keySet()) {
            String lower = name.toLowerCase(Locale.ROOT);
            List<String> values = headers.get(name);
            if (values != null && !lower.startsWith("nats-") && !lower.startsWith("outbox-")) {
                json.put(name, String.join(", ", values).replace("\0", ""));
            }
        }
        return json.isEmpty() ? null : json.toString();
    }

    private static @Nullable Instant committed(@Nullable String text) {
        Instant at = text == null ? Instant.EPOCH : time(text);
        return at.equals(Instant.EPOCH) ? null : at;
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
