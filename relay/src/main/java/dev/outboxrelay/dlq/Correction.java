package dev.outboxrelay.dlq;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a replay changes of an event.
 *
 * @param subject the new subject; null keeps it
 * @param headers name to new value; an empty value removes the header. Names are compared without regard to case
 * @param asWritten whether what was corrected earlier is forgotten first
 */
public record Correction(@Nullable String subject, Map<String, String> headers, boolean asWritten) {

    /** Nothing is changed, and earlier corrections stay. */
    public static final Correction NONE = new Correction(null, Map.of(), false);

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * What {@code replay_subject} and {@code replay_headers} are to be.
     *
     * @param subject null: as it was written
     * @param headers null: as they were written
     */
    record Corrected(@Nullable String subject, @Nullable String headers) {}

    /** Whether letters are sent as earlier corrections left them. */
    boolean isNone() {
        return subject == null && headers.isEmpty() && !asWritten;
    }

    Corrected apply(Letter letter) {
        String oldSubject = asWritten ? null : letter.replaySubject();
        String oldHeaders = asWritten ? null : letter.replayHeaders();
        return new Corrected(
                subject == null ? oldSubject : subject,
                headers.isEmpty() ? oldHeaders : merged(oldHeaders == null ? letter.headers() : oldHeaders));
    }

    /** The headers that there were, if they were an object at all, with these changes. */
    private String merged(@Nullable String json) {
        ObjectNode merged = JSON.createObjectNode();
        if (object(json) instanceof ObjectNode old) {
            merged.setAll(old);
        }
        headers.forEach((name, value) -> {
            List<String> same = new ArrayList<>();
            merged.fieldNames().forEachRemaining(old -> {
                if (old.toLowerCase(Locale.ROOT).equals(name.toLowerCase(Locale.ROOT))) {
                    same.add(old);
                }
            });
            merged.remove(same);
            if (!value.isEmpty()) {
                merged.put(name, value);
            }
        });
        return merged.toString();
    }

    private static @Nullable JsonNode object(@Nullable String json) {
        try {
            return json == null ? null : JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a jsonb column holds no JSON", e);
        }
    }
}
