package dev.outboxrelay.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;

/** Writes a {@link RelayStatus} as JSON under the rules that its Javadoc gives. Thread-safe. */
final class StatusJson {

    /** For programs: one line. */
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .addModule(new SimpleModule()
                    .addSerializer(Instant.class, new Words<Instant>())
                    .addSerializer(Role.class, new LowerCase<Role>())
                    .addSerializer(Suffering.class, new LowerCase<Suffering>()))
            .build();

    private static final ObjectReader STRICT = MAPPER.reader()
            .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .with(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);

    private static final ObjectWriter FOR_PEOPLE = MAPPER.writer(SerializationFeature.INDENT_OUTPUT);

    private StatusJson() {}

    static byte[] of(RelayStatus status) throws JsonProcessingException {
        return FOR_PEOPLE.writeValueAsBytes(status);
    }

    /** Anything else under the same rules. */
    static byte[] of(Map<String, ?> answer) throws JsonProcessingException {
        return MAPPER.writeValueAsBytes(answer);
    }

    static byte[] error(String text) {
        try {
            return MAPPER.writeValueAsBytes(Map.of("error", text));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a text is always JSON", e);
        }
    }

    static JsonGenerator generator(OutputStream out) throws IOException {
        return MAPPER.createGenerator(out);
    }

    /** The text as JSON; nothing may come behind it, and no field twice. */
    static JsonNode read(byte[] text) throws IOException {
        return STRICT.readTree(text);
    }

    /** Writes a value as a JSON string. */
    private static class Words<T> extends JsonSerializer<T> {

        String word(T value) {
            return value.toString();
        }

        @Override
        public void serialize(T value, JsonGenerator json, SerializerProvider serializers) throws IOException {
            json.writeString(word(value));
        }
    }

    /** The same, for constants of an enum. */
    private static final class LowerCase<T> extends Words<T> {
        @Override
        String word(T value) {
            return super.word(value).toLowerCase(Locale.ROOT);
        }
    }
}
