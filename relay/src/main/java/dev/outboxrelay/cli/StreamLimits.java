package dev.outboxrelay.cli;

import dev.outboxrelay.streams.StreamKeeps;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Tells what a stream has lost from what it has dropped as its limits ask: both are in the outbox and not in the
 * stream.
 *
 * @param agedBefore what was published earlier is older than the stream keeps messages; null where it keeps them for
 *     ever
 * @param madeAt when the stream was made: what was published earlier was in another one
 * @param droppedBefore what was published to this stream earlier has made room for later messages; null while there is
 *     room
 */
record StreamLimits(
        @Nullable Instant agedBefore,
        Instant madeAt,
        @Nullable Instant droppedBefore) {

    /**
     * The time that an outbox row shows is a little later than the server's, and clocks differ. Whatever is that close
     * to its end would be gone in a minute.
     */
    private static final Duration MARGIN = Duration.ofMinutes(1);

    /** @param stream null when there is none: then {@code maxAge} is what the one to come will have */
    static StreamLimits of(@Nullable StreamKeeps stream, Duration maxAge, Instant now) {
        Duration kept = stream == null ? maxAge : stream.maxAge();
        Instant aged = kept.isZero() ? null : now.minus(kept).plus(MARGIN);
        if (stream == null) {
            return new StreamLimits(aged, now, null);
        }
        Instant first = stream.full() ? stream.firstAt() : null;
        return new StreamLimits(aged, stream.created(), first == null ? null : first.plus(MARGIN));
    }

    /**
     * Whether an event that is not in the stream would not be there any more anyway.
     *
     * @param at when it was published, or at the earliest
     */
    boolean wouldBeGone(Instant at) {
        return (agedBefore != null && at.isBefore(agedBefore))
                || (droppedBefore != null && !at.isBefore(madeAt) && at.isBefore(droppedBefore));
    }
}
