package dev.outboxrelay.decode;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What lies at a path in a JSON document.
 *
 * @param json the part as the document has it; empty where there is none
 * @param text the value of a string, number or boolean; else null
 */
record JsonPart(Kind kind, String json, @Nullable String text) {

    enum Kind {
        /** A string, a number or a boolean. */
        SCALAR,
        /** An object or an array. */
        COMPOUND,
        NULL,
        /** There is no such field. */
        MISSING,
        /** The document is not one JSON value. */
        BROKEN
    }

    private static final JsonFactory JSON = new JsonFactory();
    private static final JsonPart NOTHING = new JsonPart(Kind.NULL, "", null);
    private static final JsonPart ABSENT = new JsonPart(Kind.MISSING, "", null);
    private static final JsonPart NO_JSON = new JsonPart(Kind.BROKEN, "", null);

    /**
     * Looks it up, to the end of the document: of fields with the same name the last one counts, as in PostgreSQL.
     *
     * @param path names of fields from the outside in; empty for the document as a whole
     */
    static JsonPart find(String document, List<String> path) {
        try (JsonParser parser = JSON.createParser(document)) {
            if (parser.nextToken() == null) {
                return NO_JSON;
            }
            JsonPart part = find(parser, document, path, 0);
            return parser.nextToken() == null ? part : NO_JSON;
        } catch (IOException e) {
            return NO_JSON;
        }
    }

    private static JsonPart find(JsonParser parser, String document, List<String> path, int depth) throws IOException {
        if (depth == path.size()) {
            return here(parser, document);
        }
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            parser.skipChildren();
            return ABSENT;
        }
        JsonPart part = ABSENT;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            boolean isIt = parser.currentName().equals(path.get(depth));
            parser.nextToken();
            if (isIt) {
                part = find(parser, document, path, depth + 1);
            } else {
                parser.skipChildren();
            }
        }
        return part;
    }

    private static JsonPart here(JsonParser parser, String document) throws IOException {
        JsonToken token = parser.currentToken();
        int from = Math.toIntExact(parser.currentTokenLocation().getCharOffset());
        if (token == JsonToken.VALUE_NULL) {
            return NOTHING;
        }
        if (token.isStructStart()) {
            parser.skipChildren();
            return new JsonPart(Kind.COMPOUND, document.substring(from, end(parser)), null);
        }
        String text = parser.getText();
        int to = token == JsonToken.VALUE_STRING ? end(parser) : from + text.length();
        return new JsonPart(Kind.SCALAR, document.substring(from, to), text);
    }

    private static int end(JsonParser parser) {
        return Math.toIntExact(parser.currentLocation().getCharOffset());
    }

    /** The value of a string, number or boolean; else null. */
    @Nullable
    String scalar() {
        return text;
    }

    boolean isNothing() {
        return kind == Kind.NULL || kind == Kind.MISSING;
    }

    /** What was found, for people, without any of it. */
    String shown() {
        return switch (kind) {
            case SCALAR -> "has a value";
            case COMPOUND -> "has an object or an array";
            case NULL -> "has null";
            case MISSING -> "has nothing";
            case BROKEN -> "is not valid JSON";
        };
    }
}
