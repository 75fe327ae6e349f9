package dev.outboxrelay.telemetry;

import java.util.function.Consumer;

/**
 * What one lane holds at this moment, written by the lane and read when somebody scrapes.
 *
 * <p>{@link #set} costs three volatile stores. One thread at a time may write; any thread may read or close. Several
 * open gauges may stand behind one label (the lanes of all tenants beyond the bound): a scrape then shows the sum of
 * what is queued and in flight, and the age of the oldest.
 *
 * <p>A closed gauge no longer counts, so a lane that is dropped with events in it leaves nothing behind in the sums.
 */
public final class LaneGauge implements AutoCloseable {

    /** The value of {@code oldestCommittedAtMillis} for a lane that holds no unsettled event. */
    public static final long NONE = Long.MAX_VALUE;

    private final Consumer<LaneGauge> onClose;
    private volatile long queued;
    private volatile long inFlight;
    private volatile long oldestCommittedAtMillis = NONE;
    private volatile long parked;

    LaneGauge(Consumer<LaneGauge> onClose) {
        this.onClose = onClose;
    }

    /**
     * Says what the lane holds now.
     *
     * @param queued events that wait to be sent
     * @param inFlight events that are sent and not yet acknowledged
     * @param oldestCommittedAtMillis commit time of the oldest event that is not settled, milliseconds since the epoch,
     *     or {@link #NONE}
     */
    public void set(long queued, long inFlight, long oldestCommittedAtMillis) {
        this.queued = queued;
        this.inFlight = inFlight;
        this.oldestCommittedAtMillis = oldestCommittedAtMillis;
    }

    /** Says how many events of the tenant are parked in the table of dead letters. */
    public void parked(long events) {
        parked = Math.max(0, events);
    }

    long parked() {
        return parked;
    }

    long queued() {
        return queued;
    }

    long inFlight() {
        return inFlight;
    }

    long oldestCommittedAtMillis() {
        return oldestCommittedAtMillis;
    }

    /** Takes this lane out of the sums; a second call does nothing. */
    @Override
    public void close() {
        onClose.accept(this);
    }
}
