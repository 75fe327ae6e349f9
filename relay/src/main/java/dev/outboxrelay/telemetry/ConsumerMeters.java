package dev.outboxrelay.telemetry;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The meters of durable consumers, as they were last read.
 *
 * <p>A tenant without a label of its own shares one row, {@link TenantLabels#OTHERS}, whose values are sums; so do the
 * consumers of one stream beyond the first {@value #MAX_A_STREAM} by name. How many share it, a gauge tells.
 *
 * <p>While nothing is known there are no series rather than old ones.
 */
final class ConsumerMeters {

    /** How many consumers of one stream have labels of their own. */
    static final int MAX_A_STREAM = 20;

    private static final String[] LABELS = {"stream", "consumer"};

    private final TenantLabels labels;
    private final Map<Key, Long> lostBefore = new HashMap<>();
    private final Map<Key, Long> gaveUpBefore = new HashMap<>();
    private final Map<Row, Long> lost = new HashMap<>();
    private final Map<Row, Long> gaveUp = new HashMap<>();
    private volatile Map<Row, Sums> rows = Map.of();
    private volatile Map<Row, Long> lostShown = Map.of();
    private volatile Map<Row, Long> gaveUpShown = Map.of();

    private record Key(String stream, String consumer) {}

    /** What is shown in one line. */
    private record Row(String stream, String consumer) {}

    /** Its values, added up. */
    private record Sums(long consumers, long pending, long ackPending, long redelivered, long stalled, long absent) {

        static final Sums NONE = new Sums(0, 0, 0, 0, 0, 0);

        Sums plus(ConsumerReading one) {
            return new Sums(
                    consumers + 1,
                    pending + one.pending(),
                    ackPending + one.ackPending(),
                    redelivered + one.redelivered(),
                    stalled + (one.stalled() ? 1 : 0),
                    absent + (one.absent() ? 1 : 0));
        }
    }

    ConsumerMeters(String prefix, TenantLabels labels, PrometheusRegistry registry) {
        this.labels = labels;
        gauge(
                registry,
                prefix + "consumer_pending",
                "Messages that the consumer has still to be given.",
                Sums::pending);
        gauge(
                registry,
                prefix + "consumer_ack_pending",
                "Messages that the consumer was given and has not acknowledged.",
                Sums::ackPending);
        gauge(
                registry,
                prefix + "consumer_redelivered",
                "Messages that the consumer was given more than once and has not acknowledged.",
                Sums::redelivered);
        gauge(
                registry,
                prefix + "consumer_stalled",
                "1 while the consumer has as many unacknowledged messages as it may and acknowledges none; of the"
                        + " others, how many.",
                Sums::stalled);
        gauge(
                registry,
                prefix + "consumer_absent",
                "1 while messages wait and nobody asks for them; of the others, how many.",
                Sums::absent);
        gauge(
                registry,
                prefix + "consumers",
                "Consumers behind these labels: 1, or of the others how many.",
                Sums::consumers);
        counter(
                registry,
                prefix + "consumer_lost_total",
                "Messages that left the stream before the consumer was given them, at least.",
                () -> lostShown);
        counter(
                registry,
                prefix + "consumer_gave_up_total",
                "Messages that the consumer gave up: delivered too often, or terminated.",
                () -> gaveUpShown);
    }

    /** All consumers there are, as they are now; null when they are not known. */
    synchronized void show(@Nullable List<ConsumerReading> readings) {
        if (readings == null) {
            rows = Map.of();
            return;
        }
        Map<Row, Sums> next = new HashMap<>();
        Map<Key, Long> lostNow = new HashMap<>();
        Map<Key, Long> gaveUpNow = new HashMap<>();
        Map<String, Map<String, ConsumerReading>> byStream = new TreeMap<>();
        readings.forEach(one -> byStream.computeIfAbsent(one.stream(), stream -> new TreeMap<>())
                .put(one.consumer(), one));
        byStream.values().forEach(consumers -> {
            int n = 0;
            for (ConsumerReading one : consumers.values()) {
                Row row = row(one, n++);
                Key key = new Key(one.stream(), one.consumer());
                next.merge(row, Sums.NONE.plus(one), (sums, first) -> sums.plus(one));
                lostNow.put(key, one.lost());
                gaveUpNow.put(key, one.gaveUp());
                count(lost, row, one.lost(), lostBefore.get(key));
                count(gaveUp, row, one.gaveUp(), gaveUpBefore.get(key));
            }
        });
        lost.keySet().retainAll(next.keySet());
        gaveUp.keySet().retainAll(next.keySet());
        replace(lostBefore, lostNow);
        replace(gaveUpBefore, gaveUpNow);
        rows = Map.copyOf(next);
        lostShown = Map.copyOf(lost);
        gaveUpShown = Map.copyOf(gaveUp);
    }

    private static void replace(Map<Key, Long> before, Map<Key, Long> now) {
        before.clear();
        before.putAll(now);
    }

    private Row row(ConsumerReading one, int number) {
        if (labels.labelOf(one.tenant()).equals(TenantLabels.OTHERS)) {
            return new Row(TenantLabels.OTHERS, TenantLabels.OTHERS);
        }
        return new Row(one.stream(), number < MAX_A_STREAM ? one.consumer() : TenantLabels.OTHERS);
    }

    /** A counter never falls, also when who counts has begun anew. */
    private static void count(Map<Row, Long> counters, Row row, long now, @Nullable Long before) {
        long more = before == null || now < before ? now : now - before;
        counters.merge(row, more, Long::sum);
    }

    private void gauge(PrometheusRegistry registry, String name, String help, ToLongFunction<Sums> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(LABELS)
                .callback(callback -> rows.forEach(
                        (row, sums) -> callback.call((double) value.applyAsLong(sums), row.stream(), row.consumer())))
                .register(registry);
    }

    private static void counter(
            PrometheusRegistry registry, String name, String help, Supplier<Map<Row, Long>> values) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(LABELS)
                .callback(callback -> values.get()
                        .forEach((row, value) -> callback.call((double) value, row.stream(), row.consumer())))
                .register(registry);
    }
}
