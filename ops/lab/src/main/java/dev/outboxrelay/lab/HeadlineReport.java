package dev.outboxrelay.lab;

import static dev.outboxrelay.lab.IsolationReport.say;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/** Collects what every contender needed in every round, prints the table, and judges. One thread. */
final class HeadlineReport {

    private static final String ROW = "%-36s %27s %8s %9s %6s %6s %8s %6s %5s %5s %9s";

    private final Map<String, String> titles = new LinkedHashMap<>();
    private final Map<String, List<Measured>> drains = new LinkedHashMap<>();
    private final Map<String, List<Latencies>> latencies = new LinkedHashMap<>();
    private final List<String> atOtherRates = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private boolean failed;

    /** Takes a contender, in the order of the table. */
    void contender(Contender contender) {
        titles.put(contender.key(), contender.title());
    }

    /** Takes something that the reader must know. */
    void note(String note) {
        notes.add(note);
        say("%s", note);
    }

    /** Takes and prints one drain. */
    void drained(int round, Contender contender, Measured measured) {
        drains.computeIfAbsent(contender.key(), unused -> new ArrayList<>()).add(measured);
        say("round %d  %-36s %,9.0f events/s", round, contender.title(), measured.rate());
        if (!measured.wrong().isEmpty()) {
            wrong.add(contender.title() + ", round " + round + ": " + measured.wrong());
        }
    }

    /** Takes and prints what events felt at a steady rate. */
    void felt(Contender contender, SteadyLatency.Result result) {
        latencies.computeIfAbsent(contender.key(), unused -> new ArrayList<>()).add(result.latencies());
        say("latency  %-36s %s, %.2f cores", contender.title(), result.latencies(), result.clientCores());
    }

    /** Takes and prints what events felt at a rate that no bound is set for. */
    void feltAt(Contender contender, int asked, SteadyLatency.Result result) {
        Latencies felt = result.latencies();
        String line = String.format(
                Locale.ROOT,
                "%-36s %,7.0f of %,7d events/s written  p50 %7.1f  p99 %7.1f  p99.9 %7.1f  max %7.1f",
                contender.title(),
                result.rate(),
                asked,
                felt.p50(),
                felt.p99(),
                felt.p999(),
                felt.max());
        atOtherRates.add(line);
        say("latency  %s", line);
    }

    /** The median of the contender's rates; empty if it drained nothing. */
    OptionalDouble rate(String key) {
        return drains.containsKey(key) ? OptionalDouble.of(median(key, Measured::rate)) : OptionalDouble.empty();
    }

    /** Prints everything; returns whether nothing was wrong and no bound was missed. */
    boolean end(int rate) {
        table();
        latencyTable(rate);
        if (!atOtherRates.isEmpty()) {
            say("");
            say("Commit to PubAck at other rates, ms; above 1,000 events/s a transaction has several rows");
            atOtherRates.forEach(line -> say("%s", line));
        }
        say("");
        notes.forEach(note -> say("%s", note));
        verdict("(d) : (a) in events/s", ratios("d", "a", Measured::rate), 0.6, true);
        verdict("(d) : (e) in events/s", ratios("d", "e", Measured::rate), 2, true);
        verdict("(d) : (e) in processor time of the JVM", ratios("d", "e", Measured::client), 0.25, false);
        verdict("(d) p99 in ms at " + rate + " events/s", p99("d"), 15, false);
        verdict("(d) : (e) in p99 at " + rate + " events/s", p99Ratios(), 0.2, false);
        wrong.forEach(each -> say("WRONG  %s", each));
        return !failed && wrong.isEmpty();
    }

    private void table() {
        say("");
        say(
                "Median (min–max) of the rounds; processor time in s for a million events = µs for one; RSS: highest resident size"
                        + " in MB of the client, a nats-server, a backend of PostgreSQL (shared memory included); heap: bytes that"
                        + " the client allocates for an event.");
        say(ROW, "", "events/s", "2nd half", "Postgres", "NATS", "client", "CPU", "RSS", "NATS", "PG", "heap");
        drains.forEach((key, rounds) -> say(
                ROW,
                titles.getOrDefault(key, key),
                spread(key, Measured::rate).text("%,.0f"),
                figure("%,.0f", median(key, Measured::lateRate)),
                figure("%.1f", median(key, Measured::postgres)),
                figure("%.1f", median(key, Measured::nats)),
                figure("%.1f", median(key, Measured::client)),
                figure("%.1f", median(key, Measured::cpu)),
                figure("%.0f", median(key, measured -> measured.sizes().client())),
                figure("%.0f", median(key, measured -> measured.sizes().nats())),
                figure("%.0f", median(key, measured -> measured.sizes().postgres())),
                figure("%,.0f", median(key, Measured::allocated))));
        settling("d-mark", "Marking");
        settling("d-delete", "Deleting");
    }

    /** What is done with the rows afterwards, as the difference to publishing alone. */
    private void settling(String key, String what) {
        if (drains.containsKey(key) && drains.containsKey("d")) {
            say(
                    "%s costs %.1f µs an event beside publishing: PostgreSQL %.1f, the relay %.1f",
                    what,
                    median(key, Measured::cpu) - median("d", Measured::cpu),
                    median(key, Measured::postgres) - median("d", Measured::postgres),
                    median(key, Measured::client) - median("d", Measured::client));
        }
    }

    /** A figure, or a dash where nobody looked. */
    static String figure(String format, double value) {
        return Double.isNaN(value) || value == 0 ? "-" : String.format(Locale.ROOT, format, value);
    }

    private void latencyTable(int rate) {
        if (latencies.isEmpty()) {
            return;
        }
        say("");
        say("Commit to PubAck at %,d events/s, ms", rate);
        latencies.forEach((key, rounds) -> {
            Latencies median = Latencies.median(rounds);
            say(
                    "%-36s p50 %7.1f  p99 %7.1f  p99.9 %7.1f  max %7.1f  (%,d events)",
                    titles.getOrDefault(key, key),
                    median.p50(),
                    median.p99(),
                    median.p999(),
                    median.max(),
                    median.events());
        });
    }

    /** Judges the median; what could not be measured is neither passed nor failed. */
    private void verdict(String what, List<Double> figures, double bound, boolean atLeast) {
        String demand = String.format(Locale.ROOT, "%s %s", atLeast ? "at least" : "at most", bound);
        if (figures.isEmpty()) {
            say("----  %-44s not measured; %s is asked for", what, demand);
            return;
        }
        Spread spread = Spread.of(figures);
        boolean passed = atLeast ? spread.median() >= bound : spread.median() <= bound;
        failed |= !passed;
        say("%s  %-44s %s; %s is asked for", passed ? "PASS" : "FAIL", what, spread.text("%.2f"), demand);
    }

    /** One figure a round, of two contenders in the same round. */
    private List<Double> ratios(String over, String under, ToDoubleFunction<Measured> figure) {
        List<Measured> overs = drains.getOrDefault(over, List.of());
        List<Measured> unders = drains.getOrDefault(under, List.of());
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < Math.min(overs.size(), unders.size()); i++) {
            ratios.add(figure.applyAsDouble(overs.get(i)) / figure.applyAsDouble(unders.get(i)));
        }
        return ratios;
    }

    private List<Double> p99(String key) {
        return latencies.getOrDefault(key, List.of()).stream()
                .map(Latencies::p99)
                .toList();
    }

    private List<Double> p99Ratios() {
        List<Double> overs = p99("d");
        List<Double> unders = p99("e");
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < Math.min(overs.size(), unders.size()); i++) {
            ratios.add(overs.get(i) / unders.get(i));
        }
        return ratios;
    }

    private Spread spread(String key, ToDoubleFunction<Measured> figure) {
        return Spread.of(drains.getOrDefault(key, List.of()).stream()
                .map(figure::applyAsDouble)
                .toList());
    }

    private double median(String key, ToDoubleFunction<Measured> figure) {
        return spread(key, figure).median();
    }

    /** The same as a picture. */
    String svg(String title, int rate) {
        BarPlot plot = new BarPlot(title);
        List<BarPlot.Bar> rates = new ArrayList<>();
        List<BarPlot.Bar> times = new ArrayList<>();
        drains.forEach((key, rounds) -> {
            String name = titles.getOrDefault(key, key);
            rates.add(BarPlot.Bar.spread(name, spread(key, Measured::rate)));
            times.add(BarPlot.Bar.stacked(
                    name,
                    List.of(
                            median(key, Measured::postgres),
                            median(key, Measured::nats),
                            median(key, Measured::client))));
        });
        plot.panel("events a second (line: lowest to highest round)", List.of(), rates);
        plot.panel("processor time of an event, µs", List.of("Postgres", "NATS", "client"), times);
        if (!latencies.isEmpty()) {
            List<BarPlot.Bar> felt = new ArrayList<>();
            latencies.forEach((key, rounds) -> {
                String name = titles.getOrDefault(key, key);
                Latencies median = Latencies.median(rounds);
                felt.add(BarPlot.Bar.stacked(name + ", p50", List.of(median.p50())));
                felt.add(BarPlot.Bar.stacked(name + ", p99", List.of(median.p99())));
            });
            plot.panel("commit to PubAck at " + rate + " events/s, ms", List.of(), felt);
        }
        return plot.svg();
    }
}
