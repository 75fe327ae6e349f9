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
 * @param parked whether events of the tenant wait in the table of dead letters, and live ones behind them
 * @param oldestTicket number of the oldest ticket that the lane keeps open; {@link Long#MAX_VALUE} if none
 * @param paused whether the tenant's policy is that nothing is published
 * @param trouble the failure that the lane is working on; null when there is none
 */
public record LaneSnapshot(
        Address address,
        Phase phase,
        int queued,
        int inFlight,
        long lastSequence,
        long oldestMicros,
        boolean parked,
        long oldestTicket,
        boolean paused,
        @Nullable Failure trouble) {

    /** One word for what the lane does. */
    public String word() {
        if (paused) {
            return "paused";
        }
        if (!parked) {
            return phase.word();
        }
        return phase == Phase.STREAMING && trouble == null ? "sending parked events" : "parked";
    }
}
