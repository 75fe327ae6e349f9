package dev.outboxrelay.telemetry;

import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The meters of tenants' streams, as they were last read.
 *
 * <p>Streams of tenants without a label of their own share one row, {@link TenantLabels#OTHERS}: of messages and bytes
 * the sum, of how full they are the fullest, of each discard policy. Limits of several streams add up to nothing that
 * anybody could compare, so these have no such row.
 *
 * <p>While nothing is known there are no series rather than old ones.
 */
final class StreamMeters {

    private static final String STREAM = "stream";

    private final TenantLabels labels;
    private volatile Map<String, List<StreamReading>> rows = Map.of();

    StreamMeters(String prefix, TenantLabels labels, PrometheusRegistry registry) {
        this.labels = labels;
        sum(registry, prefix + "stream_messages", "Messages in the stream.", StreamReading::messages);
        sum(registry, prefix + "stream_bytes", "Bytes in the stream.", StreamReading::bytes);
        limit(registry, prefix + "stream_max_messages", "Most messages that it keeps.", StreamReading::maxMessages);
        limit(registry, prefix + "stream_max_bytes", "Most bytes that it keeps.", StreamReading::maxBytes);
        GaugeWithCallback.builder()
                .name(prefix + "stream_used_ratio")
                .help("How full the stream is, 0 to 1, by the nearer of its limits; of the others, the fullest.")
                .labelNames(STREAM, "discard")
                .callback(callback -> rows.forEach((row, readings) -> {
                    Map<Boolean, List<StreamReading>> byPolicy =
                            readings.stream().collect(Collectors.groupingBy(StreamReading::refuses));
                    byPolicy.forEach((refuses, some) -> callback.call(fullest(some), row, refuses ? "new" : "old"));
                }))
                .register(registry);
        GaugeWithCallback.builder()
                .name(prefix + "streams")
                .help("Streams of tenants that the last look found.")
                .callback(callback -> {
                    if (!rows.isEmpty()) {
                        callback.call(
                                rows.values().stream().mapToInt(List::size).sum());
                    }
                })
                .register(registry);
    }

    /** All streams there are, as they are now; null when they are not known. */
    void show(@Nullable List<StreamReading> readings) {
        Map<String, List<StreamReading>> next = new TreeMap<>();
        for (StreamReading one : readings == null ? List.<StreamReading>of() : readings) {
            boolean shared = labels.labelOf(one.tenant()).equals(TenantLabels.OTHERS);
            next.computeIfAbsent(shared ? TenantLabels.OTHERS : one.stream(), row -> new ArrayList<>())
                    .add(one);
        }
        rows = next;
    }

    private static double fullest(Collection<StreamReading> some) {
        return some.stream().mapToDouble(StreamReading::used).max().orElse(0);
    }

    private void sum(PrometheusRegistry registry, String name, String help, ToLongFunction<StreamReading> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(STREAM)
                .callback(callback -> rows.forEach((row, readings) -> callback.call(
                        (double) readings.stream().mapToLong(value).sum(), row)))
                .register(registry);
    }

    private void limit(PrometheusRegistry registry, String name, String help, ToLongFunction<StreamReading> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(STREAM)
                .callback(callback -> rows.forEach((row, readings) -> {
                    long limit = value.applyAsLong(readings.get(0));
                    if (!row.equals(TenantLabels.OTHERS) && limit >= 0) {
                        callback.call((double) limit, row);
                    }
                }))
                .register(registry);
    }
}
