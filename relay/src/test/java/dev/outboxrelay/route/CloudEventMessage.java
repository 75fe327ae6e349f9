package dev.outboxrelay.route;

import io.cloudevents.CloudEvent;
import io.cloudevents.SpecVersion;
import io.cloudevents.core.data.BytesCloudEventData;
import io.cloudevents.core.message.impl.BaseGenericBinaryMessageReaderImpl;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A message as a consumer with the SDK of CloudEvents reads it, in binary mode by the NATS protocol binding: written
 * from the binding, and shares no code with the relay. The SDK has no reader for NATS of its own.
 */
public final class CloudEventMessage extends BaseGenericBinaryMessageReaderImpl<String, String> {

    private final Map<String, List<String>> headers;

    private CloudEventMessage(Map<String, List<String>> headers, byte[] payload) {
        super(
                SpecVersion.parse(value(headers, "ce-specversion")),
                payload.length == 0 ? null : BytesCloudEventData.wrap(payload));
        this.headers = headers;
    }

    /** The event, checked by the SDK as it is built. */
    public static CloudEvent read(Map<String, List<String>> headers, byte[] payload) {
        String contentType = value(headers, "content-type");
        if (contentType != null && contentType.toLowerCase(Locale.ROOT).startsWith("application/cloudevents")) {
            throw new IllegalArgumentException("the message is in structured mode");
        }
        return new CloudEventMessage(headers, payload).toEvent();
    }

    private static @Nullable String value(Map<String, List<String>> headers, String name) {
        return headers.entrySet().stream()
                .filter(header -> header.getKey().equalsIgnoreCase(name))
                .map(header -> header.getValue().get(0))
                .findFirst()
                .orElse(null);
    }

    /** The binding has the media type in {@code ce-datacontenttype} as any other attribute. */
    @Override
    protected boolean isContentTypeHeader(String name) {
        return false;
    }

    @Override
    protected boolean isCloudEventsHeader(String name) {
        return name.toLowerCase(Locale.ROOT).startsWith("ce-");
    }

    @Override
    protected String toCloudEventsKey(String name) {
        return name.substring(3).toLowerCase(Locale.ROOT);
    }

    @Override
    protected void forEachHeader(BiConsumer<String, String> visitor) {
        headers.forEach((name, values) -> {
            if (values.size() != 1) {
                throw new IllegalArgumentException(name + " is there " + values.size() + " times");
            }
            visitor.accept(name, values.get(0));
        });
    }

    @Override
    protected String toCloudEventsValue(String value) {
        String text = value;
        if (text.length() > 1 && text.startsWith("\"") && text.endsWith("\"")) {
            text = text.substring(1, text.length() - 1).replaceAll("\\\\(.)", "$1");
        }
        ByteBuffer bytes = ByteBuffer.allocate(text.length());
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '%') {
                bytes.put((byte) Integer.parseInt(text.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                bytes.put((byte) text.charAt(i));
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("not UTF-8", e);
        }
    }
}
