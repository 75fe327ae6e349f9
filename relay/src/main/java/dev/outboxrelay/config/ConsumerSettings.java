package dev.outboxrelay.config;

import dev.outboxrelay.event.TenantPattern;
import java.time.Duration;
import java.util.List;

/**
 * The durable consumers that the configuration asks for ({@code outbox.consumers}), and what a consumer that does not
 * say itself gets ({@code outbox.consumer-defaults.*}).
 *
 * @param consumers in the order in which they were written: of one name the first that fits a tenant counts
 */
public record ConsumerSettings(Defaults defaults, List<Entry> consumers) {

    public ConsumerSettings {
        consumers = List.copyOf(consumers);
    }

    /**
     * What applies where nothing else is said.
     *
     * @param ackWait how long the server waits for an acknowledgement
     * @param maxAckPending most messages delivered and not acknowledged; -1 is no bound
     * @param maxDeliver deliveries of one message before it is given up; -1 is no bound
     * @param backoff pauses before each new delivery; empty means the ack wait
     */
    public record Defaults(Duration ackWait, int maxAckPending, int maxDeliver, List<Duration> backoff) {
        public Defaults {
            backoff = List.copyOf(backoff);
        }
    }

    /** A consumer for each tenant that the pattern names. */
    public record Entry(TenantPattern tenants, ConsumerWish wish) {}
}
