package dev.outboxrelay.rule;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.outboxrelay.event.Header;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Judges a row's headers: a flat JSON object of string values, names and values that NATS can carry. */
public final class HeaderRule {

    private static final JsonFactory JSON = new JsonFactory();
    private static final String TOKEN_PUNCTUATION = "!#$%&'*+-.^_`|~";

    private HeaderRule() {}

    /** The headers in their order; empty for null. {@code problem} receives what is wrong, if anything. */
    public static Result apply(@Nullable String json) {
        if (json == null) {
            return new Result.Accepted(List.of());
        }
        try (JsonParser parser = JSON.createParser(json)) {
            JsonToken first = parser.nextToken();
            if (first == JsonToken.VALUE_NULL) {
                return new Result.Accepted(List.of());
            }
            if (first != JsonToken.START_OBJECT) {
                return new Result.Broken("headers are not a JSON object");
            }
            return readObject(parser);
        } catch (IOException e) {
            return new Result.Broken("headers are not valid JSON");
        }
    }

    private static Result readObject(JsonParser parser) throws IOException {
        List<Header> headers = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            Optional<String> nameProblem = nameProblem(name);
            if (nameProblem.isPresent()) {
                return new Result.Broken(nameProblem.get());
            }
            if (parser.nextToken() != JsonToken.VALUE_STRING) {
                return new Result.Broken("header '" + name + "' is not a string");
            }
            String value = parser.getText();
            if (!isPrintableAscii(value)) {
                return new Result.Broken(
                        "header '" + name + "' has a control character or one outside ASCII in its value");
            }
            if (!seen.add(name.toLowerCase(Locale.ROOT))) {
                return new Result.Broken("header '" + name + "' is there twice (names differ only by case)");
            }
            headers.add(new Header(name, value));
        }
        if (parser.nextToken() != null) {
            return new Result.Broken("headers are more than one JSON value");
        }
        return new Result.Accepted(List.copyOf(headers));
    }

    /** What is wrong with a header's name, without any of its value; empty when nothing is. */
    public static Optional<String> nameProblem(String name) {
        if (name.isEmpty()) {
            return Optional.of("a header name is empty");
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!alphanumeric && TOKEN_PUNCTUATION.indexOf(c) < 0) {
                return Optional.of("a header name is no HTTP token: character " + (i + 1) + " is not allowed in it");
            }
        }
        String lower = name.toLowerCase(Locale.ROOT);
        if (lower.startsWith("nats-") || lower.startsWith("outbox-")) {
            return Optional.of(
                    "header '" + name + "' is reserved: names that start with Nats- or Outbox- are not a row's");
        }
        return Optional.empty();
    }

    private static boolean isPrintableAscii(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < ' ' || c > '~') {
                return false;
            }
        }
        return true;
    }

    /** Judged headers. */
    public sealed interface Result {
        /** They can be published. */
        record Accepted(List<Header> headers) implements Result {}

        /** They cannot, and why, without any value. */
        record Broken(String error) implements Result {}
    }
}
