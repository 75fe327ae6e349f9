package dev.outboxrelay.settle;

import dev.outboxrelay.event.Lsn;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What {@code outbox.backlog} says of a slot. Pure.
 *
 * @param state {@code due}, {@code taking} or {@code done}
 * @param reason why, in words
 * @param system the cluster that the slot belonged to; null when that was not written down
 * @param held the end of the WAL at a moment when the relay had the slot; null when that was not written down
 */
record Remembered(
        String state,
        @Nullable String reason,
        @Nullable Long system,
        @Nullable Lsn held) {

    static final String DUE = "due";
    static final String TAKING = "taking";
    static final String DONE = "done";

    /**
     * Why pending rows have to be taken from their tables before this slot is read; empty when it is the slot that the
     * relay had, where the relay left it.
     *
     * <p>Whoever makes a slot makes it at the end of the WAL, which lies beyond {@code held}; and the relay never lets
     * the slot be confirmed beyond that. So a slot at or before it is the same one.
     *
     * @param known null when nothing is written down about the slot
     * @param confirmed where the slot is confirmed now
     */
    static Optional<String> due(@Nullable Remembered known, long system, Lsn confirmed) {
        if (known == null) {
            return Optional.of("no relay has read this slot before");
        }
        if (known.state.equals(TAKING)) {
            return Optional.of(known.reason == null ? "taking them was not finished" : known.reason);
        }
        if (known.state.equals(DUE)) {
            return Optional.of(known.reason == null ? "somebody asked for it" : known.reason);
        }
        if (known.system != null && known.system != system) {
            return Optional.of("the database was restored into another cluster");
        }
        if (known.held != null && !confirmed.isAtOrBefore(known.held)) {
            return Optional.of("the slot was made anew, or moved past rows by somebody else: it is confirmed to "
                    + confirmed + ", the relay never went beyond " + known.held);
        }
        return Optional.empty();
    }
}
