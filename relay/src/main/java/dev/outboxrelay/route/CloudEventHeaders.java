package dev.outboxrelay.route;

import dev.outboxrelay.event.Header;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a row says of itself as a CloudEvent.
 *
 * @param attributes the attributes that it sets, one bit each
 * @param contentType its {@code Content-Type}; null for none
 */
record CloudEventHeaders(int attributes, @Nullable String contentType) {

    static final String PREFIX = "ce-";

    static final int SPECVERSION = 1;
    static final int ID = 2;
    static final int SOURCE = 4;
    static final int TYPE = 8;
    static final int SUBJECT = 16;
    static final int TIME = 32;
    static final int DATA_CONTENT_TYPE = 64;

    private static final CloudEventHeaders NOTHING = new CloudEventHeaders(0, null);
    private static final String CONTENT_TYPE = "Content-Type";
    private static final String STRUCTURED = "application/cloudevents";

    private static final Pattern ATTRIBUTE = Pattern.compile("[a-z0-9]+");
    private static final Pattern REFERENCE = Pattern.compile("(?:[A-Za-z0-9._~:/?@!$&'()*+,;=\\[\\]-]|%[0-9A-Fa-f]{2})*"
            + "(?:#(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?");
    private static final Pattern ABSOLUTE = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:.*");

    static CloudEventHeaders of(List<Header> headers) {
        if (headers.isEmpty()) {
            return NOTHING;
        }
        int attributes = 0;
        String contentType = null;
        for (Header header : headers) {
            String name = header.name();
            if (name.equalsIgnoreCase(CONTENT_TYPE) && !header.value().isBlank()) {
                contentType = header.value().strip();
            } else if (isAttribute(name)) {
                attributes |= bit(attribute(name));
            }
        }
        return new CloudEventHeaders(attributes, contentType);
    }

    boolean has(int attribute) {
        return (attributes & attribute) != 0;
    }

    /** Whether the payload is a whole CloudEvent, or a batch of them. */
    boolean isStructured() {
        return contentType != null && contentType.regionMatches(true, 0, STRUCTURED, 0, STRUCTURED.length());
    }

    private static boolean isAttribute(String name) {
        return name.regionMatches(true, 0, PREFIX, 0, PREFIX.length());
    }

    private static String attribute(String name) {
        return name.substring(PREFIX.length()).toLowerCase(Locale.ROOT);
    }

    private static int bit(String attribute) {
        return switch (attribute) {
            case "specversion" -> SPECVERSION;
            case "id" -> ID;
            case "source" -> SOURCE;
            case "type" -> TYPE;
            case "subject" -> SUBJECT;
            case "time" -> TIME;
            case "datacontenttype" -> DATA_CONTENT_TYPE;
            default -> 0;
        };
    }

    /** What a reader of CloudEvents would stumble over, without any value; empty where nothing is. */
    static Optional<String> problem(List<Header> headers) {
        boolean structured = of(headers).isStructured();
        for (Header header : headers) {
            if (!structured && isAttribute(header.name())) {
                String why = problem(attribute(header.name()), header.value());
                if (why != null) {
                    return Optional.of(
                            "header '" + header.name() + "' " + why + " (outbox.events.format: cloudevents)");
                }
            }
        }
        return Optional.empty();
    }

    private static @Nullable String problem(String attribute, String value) {
        if (!ATTRIBUTE.matcher(attribute).matches() || attribute.equals("data")) {
            return "is no attribute's: their names are letters and digits, and not 'data'";
        }
        String text = decoded(value);
        if (text == null) {
            return "has a percent sign that begins no byte of UTF-8: %25 stands for one";
        }
        if (text.chars().anyMatch(Character::isISOControl)) {
            return "has a percent-encoded control character";
        }
        boolean known = bit(attribute) != 0 || attribute.equals("dataschema");
        if (known && text.isBlank()) {
            return "is empty";
        }
        return switch (attribute) {
            case "specversion" -> text.equals("1.0") ? null : "is not 1.0";
            case "source" -> REFERENCE.matcher(text).matches() ? null : "is no URI reference";
            case "dataschema" ->
                ABSOLUTE.matcher(text).matches() && REFERENCE.matcher(text).matches() ? null : "is no absolute URI";
            case "time" -> isTime(text) ? null : "is no time as RFC 3339 has it";
            default -> null;
        };
    }

    /** The value without its percent-encoding; null where that is broken. */
    private static @Nullable String decoded(String value) {
        if (value.indexOf('%') < 0) {
            return value;
        }
        byte[] bytes = new byte[value.length()];
        int length = 0;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c != '%') {
                bytes[length++] = (byte) c;
                continue;
            }
            int high = i + 2 < value.length() ? Character.digit(value.charAt(i + 1), 16) : -1;
            int low = i + 2 < value.length() ? Character.digit(value.charAt(i + 2), 16) : -1;
            if (high < 0 || low < 0) {
                return null;
            }
            bytes[length++] = (byte) (high << 4 | low);
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, 0, length))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    private static boolean isTime(String text) {
        try {
            DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text);
            return true;
        } catch (DateTimeParseException e) {
            return false;
        }
    }
}
