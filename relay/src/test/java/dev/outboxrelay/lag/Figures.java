package dev.outboxrelay.lag;

import dev.outboxrelay.consumer.ConsumerActual;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Builds the figures of a consumer with a bound of 500. */
final class Figures {

    private long created;
    private long pending;
    private long ackPending;
    private long redelivered;
    private long waiting;
    private long deliveredStream;
    private long deliveredConsumer;
    private long floor;
    private List<String> filters = List.of();

    Figures created(long second) {
        created = second;
        return this;
    }

    Figures pending(long messages) {
        pending = messages;
        return this;
    }

    Figures ackPending(long messages) {
        ackPending = messages;
        return this;
    }

    Figures redelivered(long messages) {
        redelivered = messages;
        return this;
    }

    Figures waiting(long pulls) {
        waiting = pulls;
        return this;
    }

    Figures delivered(long stream, long consumer) {
        deliveredStream = stream;
        deliveredConsumer = consumer;
        return this;
    }

    Figures floor(long sequence) {
        floor = sequence;
        return this;
    }

    Figures filter(String subject) {
        filters = List.of(subject);
        return this;
    }

    ConsumerFigures build() {
        return new ConsumerFigures(
                "billing",
                true,
                Instant.ofEpochSecond(created),
                pending,
                ackPending,
                redelivered,
                waiting,
                deliveredStream,
                deliveredConsumer,
                floor,
                false,
                false,
                new ConsumerActual("billing", filters, Duration.ofSeconds(30), 500, -1, List.of(), true, true, true));
    }
}
