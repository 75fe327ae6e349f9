package dev.outboxrelay.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outboxrelay.dlq.Letter;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A letter as one JSON object, with the names of its columns. */
final class LetterJson {

    private static final ObjectMapper JSON = new ObjectMapper();

    private LetterJson() {}

    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    /** Without headers and payload. */
    static ObjectNode summary(Letter letter) {
        ObjectNode json = object();
        json.put("seq", letter.seq());
        json.put("kind", letter.kind().code());
        json.put("state", letter.state().code());
        json.put("tenant_id", letter.tenant());
        json.put("subject", letter.subject());
        json.put("source", letter.source());
        json.put("event_id", letter.eventId());
        json.put("reason", letter.reason());
        json.put("error", letter.error());
        json.put("attempts", letter.attempts());
        json.put("payload_bytes", letter.payloadBytes());
        json.put("committed_at", text(letter.committedAt()));
        json.put("first_failed_at", text(letter.firstFailedAt()));
        json.put("dead_at", text(letter.deadAt()));
        json.put("resolved_at", text(letter.resolvedAt()));
        return json;
    }

    static ObjectNode whole(Letter letter) {
        ObjectNode json = summary(letter);
        json.set("headers", parsed(letter.headers()));
        json.put("replay_subject", letter.replaySubject());
        json.set("replay_headers", parsed(letter.replayHeaders()));
        return json;
    }

    private static JsonNode parsed(@Nullable String json) {
        try {
            return json == null ? JSON.nullNode() : JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a jsonb column holds no JSON", e);
        }
    }

    private static @Nullable String text(@Nullable Instant time) {
        return time == null ? null : time.toString();
    }
}
