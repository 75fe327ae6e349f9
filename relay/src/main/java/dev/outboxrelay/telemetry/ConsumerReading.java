package dev.outboxrelay.telemetry;

/**
 * What is shown of one durable consumer.
 *
 * @param lost messages that left the stream before it was given them, since this process first looked
 * @param gaveUp messages that it gave up, since this process began to listen
 */
public record ConsumerReading(
        String tenant,
        String stream,
        String consumer,
        long pending,
        long ackPending,
        long redelivered,
        boolean stalled,
        boolean absent,
        long lost,
        long gaveUp) {}
