package dev.outboxrelay.lab;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * What is told of many latencies, in milliseconds.
 *
 * @param events how many there were
 */
record Latencies(int events, double p50, double p99, double p999, double max) {

    static Latencies of(List<Double> millis) {
        if (millis.isEmpty()) {
            throw new IllegalArgumentException("no event in this phase");
        }
        List<Double> sorted = new ArrayList<>(millis);
        Collections.sort(sorted);
        return new Latencies(sorted.size(), at(sorted, 0.5), at(sorted, 0.99), at(sorted, 0.999), at(sorted, 1));
    }

    /** The medians of each figure over several rounds. */
    static Latencies median(List<Latencies> rounds) {
        return new Latencies(
                rounds.stream().mapToInt(Latencies::events).sum(),
                middle(rounds, Latencies::p50),
                middle(rounds, Latencies::p99),
                middle(rounds, Latencies::p999),
                middle(rounds, Latencies::max));
    }

    private static double middle(List<Latencies> rounds, ToDoubleFunction<Latencies> figure) {
        return Spread.of(rounds.stream().map(figure::applyAsDouble).toList()).median();
    }

    /** The value below which this share of them lies. */
    static double at(List<Double> sorted, double quantile) {
        return sorted.get((int) Math.min(sorted.size() - 1L, Math.round(quantile * sorted.size())));
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "p50 %7.1f  p99 %8.1f  max %9.1f ms  (%,d events)", p50, p99, max, events);
    }
}
