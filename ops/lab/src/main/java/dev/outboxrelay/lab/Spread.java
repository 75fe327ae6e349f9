package dev.outboxrelay.lab;

import java.util.List;
import java.util.Locale;

/**
 * The middle and the ends of a figure over several rounds.
 *
 * @param median the middle one, or the mean of the two in the middle
 */
record Spread(double median, double min, double max) {

    static Spread of(List<Double> figures) {
        List<Double> sorted = figures.stream().sorted().toList();
        int half = sorted.size() / 2;
        double median = sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2;
        return new Spread(median, sorted.get(0), sorted.get(sorted.size() - 1));
    }

    /** As text, each figure in this format. */
    String text(String format) {
        return Double.isNaN(median)
                ? "-"
                : String.format(Locale.ROOT, format + " (" + format + "–" + format + ")", median, min, max);
    }
}
