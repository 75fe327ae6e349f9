package dev.outboxrelay.lab.torture;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A row to be inserted. */
final class Row {

    private final String id;
    private final String tenant;
    private final String subject;
    private final byte[] payload;
    private final @Nullable String headers;
    private final @Nullable String reason;

    /**
     * A row.
     *
     * @param headers JSON text, or null
     * @param reason why it must become a dead letter; null for a row that breaks no rule
     */
    Row(String id, String tenant, String subject, byte[] payload, @Nullable String headers, @Nullable String reason) {
        this.id = id;
        this.tenant = tenant;
        this.subject = subject;
        this.payload = payload;
        this.headers = headers;
        this.reason = reason;
    }

    /** The same under an id that the database gave it. */
    Row named(String given) {
        return new Row(given, tenant, subject, payload, headers, reason);
    }

    String id() {
        return id;
    }

    String tenant() {
        return tenant;
    }

    String subject() {
        return subject;
    }

    /** Not copied: nobody changes it. */
    byte[] payload() {
        return payload;
    }

    @Nullable
    String headers() {
        return headers;
    }

    @Nullable
    String reason() {
        return reason;
    }

    /** JSON of a flat object of strings. */
    static String json(Map<String, String> headers) {
        StringBuilder json = new StringBuilder("{");
        headers.forEach((name, value) -> json.append(json.length() == 1 ? "" : ", ")
                .append(quoted(name))
                .append(": ")
                .append(quoted(value)));
        return json.append('}').toString();
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
