package dev.outboxrelay.consumer;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A durable consumer as one tenant's stream should have it: pulled from, explicitly acknowledged, everything resolved.
 *
 * @param filter the full subject that it reads, or null for the whole stream
 * @param maxAckPending -1 is no bound
 * @param maxDeliver -1 is no bound
 * @param backoff empty means the ack wait
 * @param origin who asks for it, for people
 */
public record ConsumerSpec(
        String name,
        @Nullable String filter,
        Duration ackWait,
        int maxAckPending,
        int maxDeliver,
        List<Duration> backoff,
        String origin) {

    public ConsumerSpec {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(origin, "origin");
        backoff = List.copyOf(backoff);
    }

    /** The wait before the first new delivery: the server lets the first pause take the ack wait's place. */
    public Duration effectiveAckWait() {
        return backoff.isEmpty() ? ackWait : backoff.get(0);
    }
}
