package dev.outboxrelay.lag;

import java.util.List;

/**
 * A tenant's stream as the server tells of it.
 *
 * @param tenant the raw id
 * @param everything the subject that takes all its messages, for example {@code tenant.acme.>}
 * @param first sequence of its first message; behind the last where it is empty
 * @param last sequence of its last message, also when it is gone
 * @param consumerCount how many consumers it has
 * @param fill its bytes and its limits
 */
public record StreamFigures(
        String stream,
        String tenant,
        String everything,
        long first,
        long last,
        long messages,
        long consumerCount,
        StreamFill fill,
        List<ConsumerFigures> consumers) {

    public StreamFigures {
        consumers = List.copyOf(consumers);
    }

    /** Everything up to this sequence has left the stream, or was never in it. */
    long gone() {
        return messages == 0 ? last : Math.max(0, first - 1);
    }

    StreamFigures with(List<ConsumerFigures> asked) {
        return new StreamFigures(stream, tenant, everything, first, last, messages, consumerCount, fill, asked);
    }
}
