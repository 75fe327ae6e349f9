package dev.outboxrelay.demo;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What the table shows at one moment. Immutable.
 *
 * @param tenants a line each
 * @param total the last line
 */
record Figures(List<Line> tenants, Line total) {

    Figures {
        tenants = List.copyOf(tenants);
    }

    /**
     * One line.
     *
     * @param inserted events of committed transactions
     * @param rolledBack events that a rollback took back
     * @param published events that a PubAck acknowledged
     * @param inStream messages in the stream, as the server says
     * @param rate acknowledged events a second
     * @param p50 from commit to PubAck, empty while there is none; so {@code p99}
     */
    record Line(
            String tenant,
            long inserted,
            long rolledBack,
            long published,
            long inStream,
            double rate,
            Optional<Duration> p50,
            Optional<Duration> p99) {

        /** Events that are committed and not yet in their stream. */
        long onTheWay() {
            return Math.max(0, inserted - inStream);
        }
    }
}
