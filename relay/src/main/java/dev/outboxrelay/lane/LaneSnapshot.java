package dev.outboxrelay.lane;

import dev.outboxrelay.route.Address;
import org.jspecify.annotations.Nullable;

/**
 * A lane at one moment, for people and metrics.
 *
 * @param queued events that wait to be sent
 * @param inFlight events sent and not known to be stored
 * @param lastSequence the last sequence known to hold an event of ours; 0 when none is known
 * @param oldestMicros commit time of the oldest event that is not known to be stored; {@link Long#MAX_VALUE} if none
 * @param trouble the failure that the lane is working on; null when there is none
 */
public record LaneSnapshot(
        Address address,
        Phase phase,
        int queued,
        int inFlight,
        long lastSequence,
        long oldestMicros,
        @Nullable Failure trouble) {}
