package dev.outboxrelay.decode;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.outboxrelay.config.Layout.HeaderColumn;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Headers as the rule for them wants them, from tables that do not know that rule: columns become headers, numbers and
 * booleans in a document become texts, and what is null is no header. Everything else is left for the rule to judge.
 */
final class HeaderJson {

    private static final JsonFactory JSON = new JsonFactory();

    private HeaderJson() {}

    /**
     * The headers of a row; null for none.
     *
     * @param columns they win over a header of the same name in the document
     * @param document the row's own headers, any JSON; null for none
     */
    static @Nullable String of(
            List<HeaderColumn> columns, Function<String, @Nullable String> valueOf, @Nullable String document) {
        StringBuilder json = new StringBuilder();
        Set<String> taken = new HashSet<>();
        for (HeaderColumn column : columns) {
            String value = valueOf.apply(column.column());
            if (value != null) {
                taken.add(column.header().toLowerCase(Locale.ROOT));
                field(json, column.header(), quoted(value));
            }
        }
        if (document != null && !append(document, taken, json)) {
            return document;
        }
        return json.length() == 0 ? null : json.append('}').toString();
    }

    /** Appends a document's fields; false where it is no object. */
    private static boolean append(String document, Set<String> taken, StringBuilder json) {
        try (JsonParser parser = JSON.createParser(document)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return false;
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                if (value != JsonToken.VALUE_NULL && !taken.contains(name.toLowerCase(Locale.ROOT))) {
                    // an object or an array is no header, and says so as the rule's error
                    field(json, name, value.isStructStart() ? "[]" : quoted(parser.getText()));
                }
                parser.skipChildren();
            }
            return parser.nextToken() == null;
        } catch (IOException e) {
            return false;
        }
    }

    private static void field(StringBuilder json, String name, String value) {
        json.append(json.length() == 0 ? '{' : ',')
                .append(quoted(name))
                .append(':')
                .append(value);
    }

    private static String quoted(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }
}
