package dev.outboxrelay.admin;

import java.util.Comparator;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How one tenant fares.
 *
 * @param state one word for what its lane does
 * @param queued events that wait to be sent
 * @param inFlight events that are sent and not yet acknowledged
 * @param parked events that wait in the table of dead letters to be sent
 * @param published events acknowledged since this process began to lead; so {@code duplicates} and {@code deadLettered}
 * @param lastSequence the last sequence of its stream that the relay knows, null if none
 * @param oldestUnsettledSeconds age of its oldest event that is not settled, 0 if there is none
 * @param lastError in words, without a secret or a payload; null if there was none
 */
public record TenantStatus(
        String tenant,
        String stream,
        String state,
        long queued,
        long inFlight,
        long parked,
        long published,
        long duplicates,
        long deadLettered,
        @Nullable Long lastSequence,
        double oldestUnsettledSeconds,
        @Nullable String lastError) {

    /**
     * Puts first who suffers most: who waits longest, then who has most waiting, then who lost most events to dead
     * letters, then who has an error; names decide what is left. Waiting counts in whole seconds, or the order of
     * healthy tenants would change with every look.
     */
    public static final Comparator<TenantStatus> WORST_FIRST = Comparator.comparingLong(
                    (TenantStatus t) -> (long) t.oldestUnsettledSeconds())
            .thenComparingLong(t -> t.queued() + t.inFlight() + t.parked())
            .thenComparingLong(TenantStatus::deadLettered)
            .thenComparing(t -> t.lastError() != null)
            .reversed()
            .thenComparing(TenantStatus::tenant);

    public TenantStatus {
        Objects.requireNonNull(tenant, "tenant");
        Objects.requireNonNull(stream, "stream");
        Objects.requireNonNull(state, "state");
    }
}
