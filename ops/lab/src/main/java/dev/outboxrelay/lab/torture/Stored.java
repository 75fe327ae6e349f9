package dev.outboxrelay.lab.torture;

import java.util.List;
import java.util.Map;

/**
 * A message as its stream holds it.
 *
 * @param digest of the payload
 */
record Stored(long sequence, String subject, String digest, Map<String, List<String>> headers) {

    /** The id, or an empty text. */
    String id() {
        List<String> ids = headers.getOrDefault("Nats-Msg-Id", List.of());
        return ids.size() == 1 ? ids.get(0) : "";
    }
}
