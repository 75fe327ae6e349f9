package dev.outboxrelay.path;

import dev.outboxrelay.event.Payload;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A row that a test inserts into the outbox. */
record Row(
        String id,
        String tenant,
        String subject,
        Payload payload,
        @Nullable String headers) {

    /** A row that breaks no rule, whose payload names it. */
    static Row of(String tenant) {
        return of(tenant, "events.order.created");
    }

    static Row of(String tenant, String subject) {
        String id = UUID.randomUUID().toString();
        return new Row(id, tenant, subject, Payload.of(("row " + id).getBytes(StandardCharsets.UTF_8)), null);
    }

    Row with(byte[] bytes) {
        return new Row(id, tenant, subject, Payload.of(bytes), headers);
    }

    Row withHeaders(String json) {
        return new Row(id, tenant, subject, payload, json);
    }
}
