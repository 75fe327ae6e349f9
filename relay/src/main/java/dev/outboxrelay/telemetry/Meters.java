package dev.outboxrelay.telemetry;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Every meter of the relay and how they are written for Prometheus.
 *
 * <p>The label {@code tenant} takes a bounded number of values: see {@link TenantLabels}.
 * {@code oldest_unsettled_seconds} carries it too, since its lane knows the age anyway and an alert should name the
 * tenant; the whole relay's is {@code max(outbox_relay_oldest_unsettled_seconds)}. A tenant with a label of its own has
 * 39 series, one for each reason its events were dead-lettered for, up to five of its stream and eight of each of its
 * consumers.
 *
 * <p>Values that are not known yet (the slot's, until it was read once) have no series rather than a wrong 0.
 *
 * <p>Thread-safe. No meter carries a payload, a header, a subject or an event id.
 */
public final class Meters {

    private static final String PREFIX = "outbox_relay_";
    private static final String TENANT = "tenant";

    /** Send to PubAck: a publish that takes longer than some seconds is a timeout, not a latency. */
    private static final double[] PUBLISH_BUCKETS = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10
    };

    /**
     * Commit to PubAck: dense around the tens of milliseconds of a healthy relay, and up to six hours for an outage.
     */
    private static final double[] END_TO_END_BUCKETS = {
        0.001, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.25, 2.5, 5, 15, 60, 300, 1800, 7200, 21600
    };

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final ExpositionFormats formats = ExpositionFormats.init();
    private final TenantLabels labels;
    private final ConcurrentMap<String, TenantMeters> byLabel = new ConcurrentHashMap<>();

    private final Counter published =
            counter("events_published_total", "Events acknowledged by a PubAck of their tenant's stream.", TENANT);
    private final Counter duplicate =
            counter("events_duplicate_total", "Events skipped by the fence: their stream holds them already.", TENANT);
    private final Counter dropped = counter(
            "events_dropped_total", "Events that a routing rule dropped: nothing of them was published.", TENANT);
    private final Counter deadLettered =
            counter("events_dead_lettered_total", "Events written to outbox.dead_letter.", TENANT, "reason");
    private final Histogram publish =
            histogram("publish_seconds", "Time from sending an event to its PubAck.", PUBLISH_BUCKETS);
    private final Histogram endToEnd =
            histogram("end_to_end_seconds", "Time from the commit of a row to its PubAck.", END_TO_END_BUCKETS);
    private final Counter retries = counter("retries_total", "Failed attempts that are tried again.", "cause");
    private final Counter rowsTaken = counter(
            "rows_taken_total", "Pending rows that were taken from their tables, because the slot does not hold them.");
    private final Counter spans = counter("spans_total", "Spans of events by what became of them.", "outcome");
    private final Counter streamsCreated = counter("streams_created_total", "Streams that the relay created.");
    private final Gauge sourceConnected =
            gauge("source_connected", "1 while the replication stream from Postgres is up, else 0.");
    private final Gauge natsConnected = gauge("nats_connected", "1 while the connection to NATS is up, else 0.");

    private final Counter sourceBlocked = counter(
            "source_blocked_seconds_total",
            "Time for which the reader waited because queued events took all the memory that they may.");
    private volatile LongSupplier spilledBytes = () -> 0;
    private final Gauge leader = gauge("leader", "1 while this instance leads its slot, else 0.");

    private volatile @Nullable Slot slot;
    private volatile double lookSeconds = Double.NaN;
    private volatile Map<String, Long> deadLetters = Map.of();
    private final StreamMeters streams;
    private final ConsumerMeters consumers;

    /**
     * Creates all meters at zero.
     *
     * @param maxTenantLabels how many tenants get a label of their own, 0 or more
     * @param clock tells the age of unsettled events when somebody scrapes
     * @throws IllegalArgumentException if {@code maxTenantLabels} is negative
     */
    public Meters(int maxTenantLabels, BuildInfo build, InstantSource clock) {
        labels = new TenantLabels(maxTenantLabels);
        laneGauge(
                "events_parked", "Events of the tenant that wait in outbox.dead_letter to be sent.", LaneGauge::parked);
        laneGauge("lane_queued", "Events of the tenant that wait to be sent.", LaneGauge::queued);
        laneGauge(
                "lane_in_flight", "Events of the tenant that are sent and not yet acknowledged.", LaneGauge::inFlight);
        tenantGauge(
                "oldest_unsettled_seconds",
                "Age, since its commit, of the tenant's oldest event that is not settled; 0 if there is none.",
                tenant -> tenant.oldestUnsettledSeconds(clock.millis()));
        GaugeWithCallback.builder()
                .name(PREFIX + "spilled_bytes")
                .help("Events on local disk that wait behind a burst of their own tenant.")
                .callback(callback -> callback.call((double) spilledBytes.getAsLong()))
                .register(registry);
        slotGauge("slot_retained_bytes", "WAL that Postgres keeps for the slot.", Slot::retainedBytes);
        slotGauge("slot_confirmed_lag_bytes", "WAL behind the slot's confirmed LSN.", Slot::confirmedLagBytes);
        slotGauge("slot_active", "1 while somebody streams from the slot, else 0.", known -> known.active() ? 1 : 0);
        GaugeWithCallback.builder()
                .name(PREFIX + "slot_wal_status")
                .help("1 for what PostgreSQL says of the slot's WAL: reserved, extended, unreserved or lost.")
                .labelNames("status")
                .callback(callback -> {
                    Slot known = slot;
                    if (known != null) {
                        callback.call(1, known.walStatus());
                    }
                })
                .register(registry);
        GaugeWithCallback.builder()
                .name(PREFIX + "dead_letters")
                .help("Dead letters of the tenant that wait for an operator.")
                .labelNames(TENANT)
                .callback(callback -> deadLetters.forEach((tenant, dead) -> callback.call((double) dead, tenant)))
                .register(registry);
        gauge("start_time_seconds", "When this process began, in seconds since 1970.")
                .set(clock.millis() / 1000.0);
        streams = new StreamMeters(PREFIX, labels, registry);
        consumers = new ConsumerMeters(PREFIX, labels, registry);
        GaugeWithCallback.builder()
                .name(PREFIX + "lag_look_seconds")
                .help("How long the last look at all consumers took.")
                .callback(callback -> {
                    if (!Double.isNaN(lookSeconds)) {
                        callback.call(lookSeconds);
                    }
                })
                .register(registry);
        GaugeWithCallback.builder()
                .name(PREFIX + "tenants_without_label")
                .help("Tenants that share the label (others).")
                .callback(callback -> callback.call(labels.others()))
                .register(registry);
        Info.builder()
                .name(PREFIX + "build_info")
                .help("Versions of the relay and of the libraries at its two ends.")
                .labelNames("version", "debezium", "jnats")
                .register(registry)
                .addLabelValues(build.version(), build.debezium(), build.jnats());
    }

    /**
     * Returns the handle of this tenant; tenants beyond the bound all get the same one. Ask once per lane.
     *
     * @param tenant a valid tenant id; rows without one belong to {@link #invalidTenant}
     */
    public TenantMeters tenant(String tenant) {
        return handle(labels.labelOf(tenant));
    }

    /** Returns the handle for rows whose tenant id breaks the rule: the label never shows such an id. */
    public TenantMeters invalidTenant() {
        return handle(TenantLabels.INVALID);
    }

    /** Says whether the replication stream from Postgres is up. */
    public void sourceConnected(boolean connected) {
        sourceConnected.set(connected ? 1 : 0);
    }

    /** Counts time for which the reader had to wait for memory. */
    public void sourceBlocked(Duration time) {
        sourceBlocked.inc(time.toNanos() / 1e9);
    }

    /** Says whether this instance leads. */
    public void leader(boolean leads) {
        leader.set(leads ? 1 : 0);
    }

    /** Says whether the connection to NATS is up. */
    public void natsConnected(boolean connected) {
        natsConnected.set(connected ? 1 : 0);
    }

    /**
     * Says what the slot's last reading showed.
     *
     * @param retainedBytes WAL that it keeps
     * @param confirmedLagBytes WAL behind what is confirmed
     * @param active whether somebody streams from it
     * @param walStatus PostgreSQL's word: {@code reserved}, {@code extended}, {@code unreserved} or {@code lost}
     */
    public void slot(long retainedBytes, long confirmedLagBytes, boolean active, String walStatus) {
        slot = new Slot(retainedBytes, confirmedLagBytes, active, walStatus);
    }

    /** Says what one look at all tenants' streams showed. */
    public void streams(List<StreamReading> readings) {
        streams.show(readings);
    }

    /**
     * Says how many dead letters wait for an operator.
     *
     * @param letters by tenant; without one those whose tenant id breaks the rule
     */
    public void deadLetters(Map<Optional<String>, Long> letters) {
        Map<String, Long> next = new HashMap<>();
        letters.forEach((tenant, dead) ->
                next.merge(tenant.map(labels::labelOf).orElse(TenantLabels.INVALID), dead, Long::sum));
        deadLetters = Map.copyOf(next);
    }

    /** Says what one look at all consumers showed, and how long it took. */
    public void consumers(List<ConsumerReading> readings, Duration took) {
        consumers.show(readings);
        lookSeconds = took.toNanos() / 1e9;
    }

    /** Says that streams and consumers are not known, so that their last values do not stand as if they were true. */
    public void consumersUnknown() {
        consumers.show(null);
        streams.show(null);
        deadLetters = Map.of();
        lookSeconds = Double.NaN;
    }

    /** Says how much WAL the slot may keep, in bytes. */
    public void walBudget(long bytes) {
        gauge("wal_budget_bytes", "WAL that the slot may keep before tenants are parked for it.")
                .set((double) bytes);
    }

    /** Says who knows how many bytes of events are on disk, and how many there may be. */
    public void spilled(LongSupplier bytes, long max) {
        spilledBytes = bytes;
        gauge("spill_max_bytes", "Most bytes of events that may be on local disk.")
                .set((double) max);
    }

    /** Says that the slot cannot be read, so that its last values do not stand as if they were true. */
    public void slotUnknown() {
        slot = null;
    }

    /**
     * Counts a failed attempt that is tried again.
     *
     * @param cause a word from the table of failures ({@code timeout}, {@code fence}, …), never free text: it becomes a
     *     label
     */
    public void retry(String cause) {
        retries.labelValues(cause).inc();
    }

    /** Counts rows that were taken from their tables. */
    public void rowsTaken(long more) {
        rowsTaken.inc(more);
    }

    /**
     * Counts spans.
     *
     * @param outcome {@code exported}, {@code dropped} or {@code failed}: it becomes a label
     */
    public void spans(String outcome, long more) {
        spans.labelValues(outcome).inc(more);
    }

    /** Counts a stream that the relay created. */
    public void streamCreated() {
        streamsCreated.inc();
    }

    /** Returns the content type that {@link #writeTo} writes for this {@code Accept} header, null if there was none. */
    public String contentType(@Nullable String accept) {
        return writer(accept).getContentType();
    }

    /**
     * Writes all meters: in OpenMetrics where the {@code Accept} header asks for it, else in the Prometheus text
     * format.
     *
     * @throws IOException if {@code out} does
     */
    public void writeTo(OutputStream out, @Nullable String accept) throws IOException {
        writer(accept).write(out, registry.scrape());
    }

    /** Returns all meters in the Prometheus text format. */
    public String scrape() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            writeTo(out, null);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    private ExpositionFormatWriter writer(@Nullable String accept) {
        return accept != null && accept.contains("application/openmetrics-text")
                ? formats.getOpenMetricsTextFormatWriter()
                : formats.getPrometheusTextFormatWriter();
    }

    private TenantMeters handle(String label) {
        return byLabel.computeIfAbsent(
                label,
                l -> new TenantMeters(
                        l,
                        published.labelValues(l),
                        duplicate.labelValues(l),
                        dropped.labelValues(l),
                        reason -> deadLettered.labelValues(l, reason),
                        publish.labelValues(l),
                        endToEnd.labelValues(l)));
    }

    private Counter counter(String name, String help, String... labelNames) {
        return Counter.builder()
                .name(PREFIX + name)
                .help(help)
                .labelNames(labelNames)
                .withoutExemplars()
                .register(registry);
    }

    private Histogram histogram(String name, String help, double[] buckets) {
        return Histogram.builder()
                .name(PREFIX + name)
                .help(help)
                .labelNames(TENANT)
                .classicOnly()
                .classicUpperBounds(buckets)
                .withoutExemplars()
                .register(registry);
    }

    private Gauge gauge(String name, String help) {
        return Gauge.builder().name(PREFIX + name).help(help).withoutExemplars().register(registry);
    }

    private void laneGauge(String name, String help, ToLongFunction<LaneGauge> value) {
        tenantGauge(name, help, tenant -> tenant.sum(value));
    }

    private void tenantGauge(String name, String help, ToDoubleFunction<TenantMeters> value) {
        GaugeWithCallback.builder()
                .name(PREFIX + name)
                .help(help)
                .labelNames(TENANT)
                .callback(callback ->
                        byLabel.values().forEach(tenant -> callback.call(value.applyAsDouble(tenant), tenant.label())))
                .register(registry);
    }

    private void slotGauge(String name, String help, ToDoubleFunction<Slot> value) {
        GaugeWithCallback.builder()
                .name(PREFIX + name)
                .help(help)
                .callback(callback -> {
                    Slot known = slot;
                    if (known != null) {
                        callback.call(value.applyAsDouble(known));
                    }
                })
                .register(registry);
    }

    private record Slot(long retainedBytes, long confirmedLagBytes, boolean active, String walStatus) {}
}
