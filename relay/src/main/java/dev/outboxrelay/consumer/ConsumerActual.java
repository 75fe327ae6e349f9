package dev.outboxrelay.consumer;

import java.time.Duration;
import java.util.List;

/**
 * The part of a consumer's configuration on the server that is compared.
 *
 * @param filters the full subjects that it reads; empty is the whole stream
 * @param explicitAck whether each message is acknowledged for itself
 * @param pull whether clients ask for messages, instead of a subject that they are pushed to
 * @param backoff empty when there is none
 * @param ours whether a relay made it
 */
public record ConsumerActual(
        String name,
        List<String> filters,
        Duration ackWait,
        long maxAckPending,
        long maxDeliver,
        List<Duration> backoff,
        boolean explicitAck,
        boolean pull,
        boolean ours) {

    public ConsumerActual {
        filters = List.copyOf(filters);
        backoff = List.copyOf(backoff);
    }
}
