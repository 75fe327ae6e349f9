package dev.outboxrelay.testcontainers;

import io.nats.client.api.MessageInfo;
import io.nats.client.impl.Headers;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** An event as it lies in its tenant's stream. Immutable. */
public final class ReceivedEvent {

    private static final int SHOWN = 200;

    private final long sequence;
    private final String subject;
    private final Map<String, String> headers;
    private final byte[] payload;

    private ReceivedEvent(long sequence, String subject, Map<String, String> headers, byte[] payload) {
        this.sequence = sequence;
        this.subject = subject;
        this.headers = Collections.unmodifiableMap(headers);
        this.payload = payload;
    }

    static ReceivedEvent of(MessageInfo message, String prefix) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        Headers has = message.getHeaders();
        if (has != null) {
            for (String name : has.keySet()) {
                headers.put(name, String.valueOf(has.getFirst(name)));
            }
        }
        String subject = message.getSubject();
        byte[] data = message.getData();
        return new ReceivedEvent(
                message.getSeq(),
                subject.startsWith(prefix) ? subject.substring(prefix.length()) : subject,
                headers,
                data == null ? new byte[0] : data);
    }

    /** Where in the stream it lies. */
    public long sequence() {
        return sequence;
    }

    /** The subject below the tenant's prefix, as the application wrote it: {@code events.order.created}. */
    public String subject() {
        return subject;
    }

    /** The first value of each header; the case of names does not matter. */
    public Map<String, String> headers() {
        return headers;
    }

    /** The body. */
    public byte[] payload() {
        return payload.clone();
    }

    /** The row's id, as {@code Nats-Msg-Id} has it. */
    public String id() {
        return headers.getOrDefault("Nats-Msg-Id", "");
    }

    /** The body as UTF-8 text. */
    public String text() {
        return new String(payload, StandardCharsets.UTF_8);
    }

    /** One line, with the application's own headers and the beginning of the body. */
    @Override
    public String toString() {
        Map<String, String> own = new TreeMap<>(headers);
        own.keySet().removeIf(name -> name.startsWith("Nats-") || name.startsWith("Outbox-"));
        String text = text();
        return sequence + ": " + subject + " " + id() + (own.isEmpty() ? "" : " " + own) + " "
                + (text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…");
    }
}
