package dev.outboxrelay.admin;

import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How one durable consumer of a tenant's stream fares.
 *
 * @param pending messages that it has still to be given
 * @param ackPending messages that it was given and has not acknowledged
 * @param maxAckPending how many these may be, -1 without a bound
 * @param redelivered messages among these that it was given more than once
 * @param waitingPulls requests for messages that wait; 0 is nobody pulling
 * @param deliveredPerSecond between the last two looks
 * @param lost messages that left the stream before it was given them, at least, since this was first looked at
 * @param gaveUp messages that it gave up since this instance leads
 * @param trouble the worst that is wrong, in one word: losing, stalled, absent, paused, unprovisioned, gave_up,
 *     redelivering, behind, unmanaged; null if nothing is
 * @param reasons all of it in words, the worst first
 */
public record ConsumerStatus(
        String name,
        long pending,
        long ackPending,
        long maxAckPending,
        long redelivered,
        long waitingPulls,
        double deliveredPerSecond,
        long lost,
        long gaveUp,
        @Nullable String trouble,
        List<String> reasons) {

    /** The words, the worst first. */
    private static final List<String> TROUBLES = List.of(
            "losing", "stalled", "absent", "paused", "unprovisioned", "gave_up", "redelivering", "behind", "unmanaged");

    /** Puts first who is in most trouble, then who has most waiting. */
    static final Comparator<ConsumerStatus> WORST_FIRST = Comparator.comparingInt(ConsumerStatus::rank)
            .thenComparing(Comparator.comparingLong(ConsumerStatus::pending).reversed())
            .thenComparing(ConsumerStatus::name);

    public ConsumerStatus {
        Objects.requireNonNull(name, "name");
        reasons = List.copyOf(reasons);
        if (trouble != null && !TROUBLES.contains(trouble)) {
            throw new IllegalArgumentException("no such trouble: " + trouble);
        }
    }

    private int rank() {
        return trouble == null ? TROUBLES.size() : TROUBLES.indexOf(trouble);
    }

    /** How badly its tenant fares by it. */
    Suffering suffering() {
        if (trouble == null) {
            return Suffering.FINE;
        }
        return switch (trouble) {
            case "losing" -> Suffering.LOSING;
            case "stalled", "absent", "paused" -> Suffering.STARVED;
            case "behind" -> Suffering.SLOW;
            default -> Suffering.DEGRADED;
        };
    }
}
