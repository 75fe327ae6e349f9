package dev.outboxrelay.rule;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code outbox.route}, read from JSON.
 *
 * @param priority lower comes first
 */
record RouteRow(int priority, RouteRule rule) {

    private static final JsonFactory JSON = new JsonFactory();

    /** What a row turned out to be. */
    sealed interface Result {
        /** A rule in force. */
        record On(RouteRow row) implements Result {}

        /** A rule that is switched off; whether it could be used does not matter. */
        record Off() implements Result {}

        /** Nothing that can be used, and why. */
        record Broken(String error) implements Result {}
    }

    static Result read(String name, String json) {
        Map<String, @Nullable String> columns;
        int priority;
        try {
            columns = columns(json);
            priority = Integer.parseInt(text(columns, "priority", ""));
        } catch (IOException | NumberFormatException e) {
            return new Result.Broken("its row is no object with a priority");
        }
        if (!text(columns, "enabled", "true").equals("true")) {
            return new Result.Off();
        }
        RouteDraft draft = new RouteDraft(
                name,
                text(columns, "tenant_pattern", "*"),
                text(columns, "subject_pattern", ">"),
                text(columns, "action", ""),
                columns.get("subject_template"),
                columns.get("headers"));
        RouteDraft.Checked checked = draft.check();
        return checked instanceof RouteDraft.Checked.Good good
                ? new Result.On(new RouteRow(priority, good.rule()))
                : new Result.Broken(checked.toString());
    }

    private static String text(Map<String, @Nullable String> columns, String column, String otherwise) {
        String value = columns.get(column);
        return value == null ? otherwise : value;
    }

    /** Each column's text; JSON inside stays JSON. */
    private static Map<String, @Nullable String> columns(String json) throws IOException {
        Map<String, @Nullable String> columns = new HashMap<>();
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("no object");
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String column = parser.currentName();
                JsonToken value = parser.nextToken();
                if (value.isStructStart()) {
                    int begin = (int) parser.currentTokenLocation().getCharOffset();
                    parser.skipChildren();
                    columns.put(column, json.substring(begin, (int)
                            parser.currentLocation().getCharOffset()));
                } else {
                    columns.put(column, value == JsonToken.VALUE_NULL ? null : parser.getText());
                }
            }
        }
        return columns;
    }
}
