package dev.outboxrelay.demo;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/** Reads the figures: from the application, the relay and the streams. One thread. */
final class Gauges {

    private static final double MEDIAN = 0.5;
    private static final double TAIL = 0.99;
    private static final String TOTAL = "total";

    private final OrderService app;
    private final RelayInside relay;
    private final StreamWatch streams;
    private final Map<String, RateMeter> rates = new HashMap<>();
    private final long startedAt = System.nanoTime();

    Gauges(OrderService app, RelayInside relay, StreamWatch streams) {
        this.app = app;
        this.relay = relay;
        this.streams = streams;
    }

    /** The figures now: rates and latencies are those of the last seconds. */
    Figures now() throws InterruptedException {
        return read(false);
    }

    /** The figures of the whole run. */
    Figures ofTheRun() throws InterruptedException {
        return read(true);
    }

    private Figures read(boolean wholeRun) throws InterruptedException {
        // the last stage first: no figure may run ahead of the one before it
        streams.refresh();
        Map<String, Long> published = relay.published();
        long now = System.nanoTime();
        List<Figures.Line> lines = new ArrayList<>();
        LatencyHistogram everybody = new LatencyHistogram();
        for (SampleTenant tenant : SampleTenant.ALL) {
            LatencyHistogram latency = new LatencyHistogram();
            if (wholeRun) {
                streams.latencies(tenant).addAllTo(latency);
            } else {
                streams.latencies(tenant).addRecentTo(latency, now);
            }
            latency.addTo(everybody);
            TenantTally tally = app.tally(tenant);
            lines.add(line(
                    tenant.id(),
                    published.getOrDefault(tenant.id(), 0L),
                    streams.messages(tenant),
                    tally.inserted(),
                    tally.rolledBack(),
                    wholeRun,
                    now,
                    latency));
        }
        return new Figures(
                lines,
                line(
                        TOTAL,
                        sum(lines, Figures.Line::published),
                        sum(lines, Figures.Line::inStream),
                        sum(lines, Figures.Line::inserted),
                        sum(lines, Figures.Line::rolledBack),
                        wholeRun,
                        now,
                        everybody));
    }

    private Figures.Line line(
            String name,
            long published,
            long inStream,
            long inserted,
            long rolledBack,
            boolean wholeRun,
            long now,
            LatencyHistogram latency) {
        double recent = rates.computeIfAbsent(name, unused -> new RateMeter()).sample(published, now);
        double rate = wholeRun ? published / Math.max(1e-9, elapsed(now).toNanos() / 1e9) : recent;
        return new Figures.Line(
                name,
                inserted,
                rolledBack,
                published,
                inStream,
                rate,
                latency.quantile(MEDIAN),
                latency.quantile(TAIL));
    }

    private Duration elapsed(long now) {
        return Duration.ofNanos(now - startedAt);
    }

    private static long sum(List<Figures.Line> lines, ToLongFunction<Figures.Line> value) {
        return lines.stream().mapToLong(value).sum();
    }
}
