package dev.outboxrelay.route;

import dev.outboxrelay.config.AttributeTemplate;
import dev.outboxrelay.config.EventFormat;
import dev.outboxrelay.config.EventSettings;
import dev.outboxrelay.event.AsciiBuffer;
import dev.outboxrelay.event.CommitTime;
import dev.outboxrelay.event.Header;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The attributes of CloudEvents 1.0 that a message gets, in binary mode as the NATS protocol binding has it: one header
 * each, {@code ce-} before the name, the value percent-encoded. They are made when a message is sent and kept nowhere,
 * so every event has them, whatever way it came.
 *
 * <p>A {@code ce-*} header of the row's own, or of a routing rule, wins; one that would make the message no CloudEvent
 * makes a dead letter of the event ({@link #problem}). A row that is a CloudEvent in structured mode already, by its
 * {@code Content-Type}, is left as it is.
 */
public final class CloudEvents {

    /** Messages get nothing. */
    public static final CloudEvents OFF = new CloudEvents(null);

    private static final byte[] SPECVERSION = line("specversion", "1.0");
    private static final byte[] ID = line("id", "");
    private static final byte[] SOURCE = line("source", "");
    private static final byte[] TYPE = line("type", "");
    private static final byte[] SUBJECT = line("subject", "");
    private static final byte[] TIME = line("time", "");
    private static final byte[] DATA_CONTENT_TYPE = line("datacontenttype", "");
    private static final byte[] HEX = "0123456789ABCDEF".getBytes(StandardCharsets.US_ASCII);

    /** Names, their line ends and colons, version and time. */
    private static final int FIXED = 160;

    /** One UTF-16 unit is at most three bytes; each is {@code %25hh} in a URI reference. */
    private static final int WIDEST = 15;

    private final @Nullable EventSettings settings;
    private final byte @Nullable [] contentType;
    private final int fixed;

    private CloudEvents(@Nullable EventSettings settings) {
        this.settings = settings;
        this.contentType = settings == null || settings.contentType() == null ? null : encoded(settings.contentType());
        this.fixed = settings == null
                ? 0
                : FIXED
                        + WIDEST * settings.source().toString().length()
                        + WIDEST * settings.type().toString().length()
                        + (settings.subject() == null
                                ? 0
                                : WIDEST * settings.subject().toString().length())
                        + (contentType == null ? 0 : contentType.length);
    }

    /** What these settings ask for. */
    public static CloudEvents of(EventSettings settings) {
        return settings.format() == EventFormat.CLOUDEVENTS ? new CloudEvents(settings) : OFF;
    }

    /** Whether messages get attributes. */
    public boolean isOn() {
        return settings != null;
    }

    /** Appends the attributes as header lines, each with the line end before it. */
    public AsciiBuffer append(Envelope envelope, AsciiBuffer block) {
        if (settings == null) {
            return block;
        }
        CloudEventHeaders own = CloudEventHeaders.of(envelope.headers());
        if (own.isStructured()) {
            return block;
        }
        if (!own.has(CloudEventHeaders.SPECVERSION)) {
            block.literal(SPECVERSION);
        }
        if (!own.has(CloudEventHeaders.ID)) {
            encode(envelope.event().id().value(), block.literal(ID));
        }
        if (!own.has(CloudEventHeaders.SOURCE)) {
            render(settings.source(), true, envelope, block.literal(SOURCE));
        }
        if (!own.has(CloudEventHeaders.TYPE)) {
            render(settings.type(), false, envelope, block.literal(TYPE));
        }
        AttributeTemplate subject = settings.subject();
        if (subject != null && !own.has(CloudEventHeaders.SUBJECT)) {
            render(subject, false, envelope, block.literal(SUBJECT));
        }
        if (!own.has(CloudEventHeaders.TIME)) {
            CommitTime.append(envelope.event().origin().committedAtMicros(), block.literal(TIME));
        }
        if (!own.has(CloudEventHeaders.DATA_CONTENT_TYPE)) {
            if (own.contentType() != null) {
                encode(own.contentType(), block.literal(DATA_CONTENT_TYPE));
            } else if (contentType != null) {
                block.literal(DATA_CONTENT_TYPE).literal(contentType);
            }
        }
        return block;
    }

    /** How many bytes they take. */
    public int size(Envelope envelope) {
        return settings == null ? 0 : append(envelope, new AsciiBuffer(512)).length();
    }

    /** At least as many, told cheaply. */
    public long sizeAtMost(Envelope envelope) {
        if (settings == null) {
            return 0;
        }
        int fields =
                settings.source().fields().size() + settings.type().fields().size();
        AttributeTemplate subject = settings.subject();
        if (subject != null) {
            fields += subject.fields().size();
        }
        // a tenant's token is in its subjects, and a table has at most 127 characters
        int longest = Math.max(envelope.subject().length(), 128);
        long size = fixed
                + (long) WIDEST
                        * (fields * longest + envelope.event().id().value().length());
        for (Header header : envelope.headers()) {
            size += 3L * header.value().length(); // the media type is one of them
        }
        return size;
    }

    /** What makes the message no CloudEvent, without any value; empty where nothing does. */
    public Optional<String> problem(List<Header> headers) {
        return settings == null || headers.isEmpty() ? Optional.empty() : CloudEventHeaders.problem(headers);
    }

    private static void render(AttributeTemplate template, boolean reference, Envelope envelope, AsciiBuffer out) {
        List<AttributeTemplate.Field> fields = template.fields();
        for (int i = 0; i < fields.size(); i++) {
            encode(template.literals().get(i), out);
            String value = value(fields.get(i), envelope);
            if (reference) {
                encodeForReference(value, out);
            } else {
                encode(value, out);
            }
        }
        encode(template.literals().get(fields.size()), out);
    }

    private static String value(AttributeTemplate.Field field, Envelope envelope) {
        return switch (field) {
            case TENANT -> envelope.address().headerValue();
            case SUBJECT ->
                envelope.subject().substring(envelope.address().prefix().length());
            case TABLE -> envelope.event().row().table().toString();
        };
    }

    /**
     * Percent-encodes all that a header of the binding cannot hold: what is not ASCII, blanks, quotes, percent signs.
     */
    private static void encode(String text, AsciiBuffer out) {
        if (isPlain(text)) {
            out.text(text);
            return;
        }
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (b > ' ' && b <= '~' && b != '"' && b != '%') {
                out.literal((char) b);
            } else {
                out.literal('%').literal((char) HEX[(b >> 4) & 15]).literal((char) HEX[b & 15]);
            }
        }
    }

    private static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c > '~' || c == '"' || c == '%') {
                return false;
            }
        }
        return true;
    }

    /** The same for a part of a URI reference: encoded for that first, and its percent signs once more. */
    private static void encodeForReference(String text, AsciiBuffer out) {
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (isUnreserved(b)) {
                out.literal((char) b);
            } else {
                out.literal('%').literal('2').literal('5');
                out.literal((char) HEX[(b >> 4) & 15]).literal((char) HEX[b & 15]);
            }
        }
    }

    /** What a path segment of a URI may hold as it is (RFC 3986), {@code =} and {@code $} of names included. */
    private static boolean isUnreserved(byte b) {
        return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || "-._~=$".indexOf(b) >= 0;
    }

    private static byte[] encoded(String text) {
        AsciiBuffer buffer = new AsciiBuffer(2 * text.length());
        encode(text, buffer);
        return bytes(buffer);
    }

    private static byte[] line(String attribute, String value) {
        return bytes(new AsciiBuffer(32)
                .literal('\r')
                .literal('\n')
                .text(CloudEventHeaders.PREFIX)
                .text(attribute)
                .literal(':')
                .text(value));
    }

    private static byte[] bytes(AsciiBuffer buffer) {
        byte[] bytes = new byte[buffer.length()];
        buffer.copyTo(bytes, 0);
        return bytes;
    }
}
