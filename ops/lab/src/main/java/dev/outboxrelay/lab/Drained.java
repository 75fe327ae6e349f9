package dev.outboxrelay.lab;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * How fast a backlog went.
 *
 * @param rate events a second, from the first to the last
 * @param cpuMicros processor time of the process for each event, its start left out
 * @param peakMb the highest resident size of the process; 0 where nobody looked
 * @param threadMicros processor time by thread, where the system tells; names are cut by the system
 */
record Drained(double rate, double cpuMicros, long peakMb, Map<String, Double> threadMicros) {

    Drained(double rate, double cpuMicros) {
        this(rate, cpuMicros, 0, Map.of());
    }

    static double median(List<Drained> rounds, ToDoubleFunction<Drained> figure) {
        return rounds.stream()
                .mapToDouble(figure)
                .sorted()
                .skip((rounds.size() - 1) / 2)
                .findFirst()
                .orElseThrow();
    }

    /** The threads that took at least a quarter of a microsecond, the dearest first. */
    String threads() {
        return threadMicros.entrySet().stream()
                .filter(thread -> thread.getValue() >= 0.25)
                .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                .map(thread -> String.format(Locale.ROOT, "%s %.1f", thread.getKey(), thread.getValue()))
                .collect(Collectors.joining(", "));
    }
}
