package dev.outboxrelay.telemetry;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * The meters of one tenant, or of all tenants beyond the bound, who share one handle.
 *
 * <p>Get it once per lane from {@link Meters#tenant}; the methods named after a counter or histogram then look nothing
 * up and allocate nothing ({@link #deadLettered} looks its reason up). Thread-safe.
 */
public final class TenantMeters {

    private static final double NANOS_PER_SECOND = 1e9;

    private final String label;
    private final CounterDataPoint published;
    private final CounterDataPoint duplicate;
    private final CounterDataPoint dropped;
    private final Function<String, CounterDataPoint> deadLettered;
    private final DistributionDataPoint publishSeconds;
    private final DistributionDataPoint endToEndSeconds;
    private final Set<LaneGauge> lanes = ConcurrentHashMap.newKeySet();

    TenantMeters(
            String label,
            CounterDataPoint published,
            CounterDataPoint duplicate,
            CounterDataPoint dropped,
            Function<String, CounterDataPoint> deadLettered,
            DistributionDataPoint publishSeconds,
            DistributionDataPoint endToEndSeconds) {
        this.label = label;
        this.published = published;
        this.duplicate = duplicate;
        this.dropped = dropped;
        this.deadLettered = deadLettered;
        this.publishSeconds = publishSeconds;
        this.endToEndSeconds = endToEndSeconds;
    }

    /** Counts an event that a PubAck acknowledged. */
    public void published() {
        published.inc();
    }

    /** Counts {@code events} that PubAcks acknowledged. */
    public void published(long events) {
        published.inc(events);
    }

    /** Counts an event that the fence skipped because the stream holds it already. */
    public void duplicate() {
        duplicate.inc();
    }

    /** Counts {@code events} that the fence skipped. */
    public void duplicate(long events) {
        duplicate.inc(events);
    }

    /** Counts {@code events} that a routing rule dropped. */
    public void dropped(long events) {
        dropped.inc(events);
    }

    /**
     * Counts an event that went to {@code outbox.dead_letter}.
     *
     * @param reason one of the contract's reasons ({@code invalid_subject}, …), never free text: it becomes a label
     */
    public void deadLettered(String reason) {
        deadLettered.apply(reason).inc();
    }

    /** Records the time from send to PubAck in {@code publish_seconds}; takes nanoseconds, less than 0 counts as 0. */
    public void publishSeconds(long nanos) {
        publishSeconds.observe(Math.max(0, nanos) / NANOS_PER_SECOND);
    }

    /**
     * Records the time from commit to PubAck in {@code end_to_end_seconds}; takes seconds. Less than 0 counts as 0: the
     * two times come from the clocks of two machines.
     */
    public void endToEndSeconds(double seconds) {
        endToEndSeconds.observe(Math.max(0.0, seconds));
    }

    /** Opens the gauge of one lane of this tenant; close it when the lane is dropped. */
    public LaneGauge openLane() {
        LaneGauge lane = new LaneGauge(lanes::remove);
        lanes.add(lane);
        return lane;
    }

    String label() {
        return label;
    }

    long sum(ToLongFunction<LaneGauge> value) {
        return lanes.stream().mapToLong(value).sum();
    }

    /** Returns the age in seconds of the oldest unsettled event of all lanes, 0 if there is none. */
    double oldestUnsettledSeconds(long nowMillis) {
        long oldest = lanes.stream()
                .mapToLong(LaneGauge::oldestCommittedAtMillis)
                .min()
                .orElse(LaneGauge.NONE);
        return oldest == LaneGauge.NONE ? 0 : Math.max(0, nowMillis - oldest) / 1000.0;
    }
}
