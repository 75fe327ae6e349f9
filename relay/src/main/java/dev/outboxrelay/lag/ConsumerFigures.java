package dev.outboxrelay.lag;

import dev.outboxrelay.consumer.ConsumerActual;
import java.time.Instant;
import java.util.List;

/**
 * A consumer as the server tells of it.
 *
 * @param durable whether it stays when nobody uses it
 * @param created when it was made: one that was made anew under the same name begins anew
 * @param pending messages that it has still to be given
 * @param ackPending messages that it was given and has not acknowledged
 * @param redelivered messages among these that it was given more than once
 * @param waiting requests for messages that wait; 0 is nobody pulling
 * @param deliveredStream sequence of the last message that it was given
 * @param deliveredConsumer how often it was given one
 * @param ackFloor everything up to this sequence is acknowledged
 * @param pushBound whether somebody listens to a push consumer
 */
public record ConsumerFigures(
        String name,
        boolean durable,
        Instant created,
        long pending,
        long ackPending,
        long redelivered,
        long waiting,
        long deliveredStream,
        long deliveredConsumer,
        long ackFloor,
        boolean pushBound,
        boolean paused,
        ConsumerActual actual) {

    /** Whether it was given all there is and has acknowledged it. */
    boolean isQuiet() {
        return pending == 0 && ackPending == 0;
    }

    /** Whether it may have been given all that it may. */
    boolean isAtBound() {
        return actual.maxAckPending() > 0 && ackPending >= actual.maxAckPending();
    }

    /** Whether somebody asks for messages, or listens. */
    boolean hasReader() {
        return actual.pull() ? waiting > 0 : pushBound;
    }

    /** Whether it reads only a part of a stream that takes this. */
    boolean isFiltered(String everything) {
        List<String> filters = actual.filters();
        return !(filters.isEmpty() || filters.contains(">") || filters.contains(everything));
    }
}
