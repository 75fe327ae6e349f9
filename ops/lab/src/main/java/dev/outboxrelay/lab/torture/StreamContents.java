package dev.outboxrelay.lab.torture;

import java.util.List;

/**
 * A whole stream.
 *
 * @param first its first sequence
 * @param last its last sequence
 * @param messages in order
 */
record StreamContents(String name, long first, long last, List<Stored> messages) {

    /** How many messages came in batches. */
    long together() {
        return messages.stream()
                .filter(message -> message.headers().containsKey("Nats-Batch-Id"))
                .count();
    }
}
