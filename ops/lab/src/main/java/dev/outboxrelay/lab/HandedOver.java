package dev.outboxrelay.lab;

import dev.outboxrelay.policy.StreamPlan;
import io.nats.client.api.StreamConfiguration;
import java.util.HashMap;
import java.util.Map;

/**
 * A stream that the relay leaves as somebody makes it: without the mark by which it knows those that it looks after.
 */
public final class HandedOver {

    private HandedOver() {}

    /** Begins what its configuration is to become. */
    public static StreamConfiguration.Builder builder(StreamConfiguration managed) {
        Map<String, String> metadata = new HashMap<>(managed.getMetadata() == null ? Map.of() : managed.getMetadata());
        metadata.remove(StreamPlan.MARK_KEY);
        return StreamConfiguration.builder(managed).metadata(metadata);
    }
}
