package dev.outboxrelay.lab;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * How fast a backlog went.
 *
 * @param rate events a second, from the first to the last
 * @param cpuMicros processor time of the process for each event, its start left out
 */
record Drained(double rate, double cpuMicros) {

    static double median(List<Drained> rounds, ToDoubleFunction<Drained> figure) {
        return rounds.stream()
                .mapToDouble(figure)
                .sorted()
                .skip((rounds.size() - 1) / 2)
                .findFirst()
                .orElseThrow();
    }
}
