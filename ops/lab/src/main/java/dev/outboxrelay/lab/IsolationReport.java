package dev.outboxrelay.lab;

import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Collects what the quiet tenants felt in every round, and judges. One thread. */
final class IsolationReport {

    /** Ways to be a bad neighbour, in the order of the first round. */
    enum Scenario {
        BURST("a-burst"),
        REFUSED("b-refused"),
        POISON("c-poison"),
        MILLION("a-million"),
        BLOCKED("d-blocked");

        private final String label;

        Scenario(String label) {
            this.label = label;
        }

        @Override
        public String toString() {
            return label;
        }
    }

    /** A stretch of time; quiet events belong to it by their commit. */
    record Phase(String name, Instant from, Instant to) {
        boolean contains(Instant committed) {
            return !committed.isBefore(from) && committed.isBefore(to);
        }
    }

    private static final double SHIFT_MILLIS = 3;
    private static final double SHIFT_SHARE = 0.1;

    private final Map<Scenario, Map<String, List<Latencies>>> felt = new EnumMap<>(Scenario.class);
    private final List<String> verdicts = new ArrayList<>();
    private boolean failed;

    /** Takes and prints the latencies of a phase. */
    void phase(int round, Scenario scenario, String phase, Latencies latencies) {
        felt.computeIfAbsent(scenario, unused -> new LinkedHashMap<>())
                .computeIfAbsent(phase, unused -> new ArrayList<>())
                .add(latencies);
        say("round %d  %-10s %-7s %s", round, scenario, phase, latencies);
    }

    /** Takes a verdict of a round. */
    void verdict(int round, Scenario scenario, boolean passed, String what) {
        say("round %d  %-10s %s  %s", round, scenario, passed ? "PASS" : "FAIL", what);
        verdicts.add(line(passed, scenario + ", round " + round + ": " + what));
    }

    /** Takes a verdict of the whole run. */
    void verdict(boolean passed, String what) {
        verdicts.add(line(passed, what));
    }

    private String line(boolean passed, String what) {
        failed |= !passed;
        return (passed ? "PASS  " : "FAIL  ") + what;
    }

    /** Prints medians and verdicts; returns whether all of them passed. */
    boolean end() {
        say("");
        say("medians over the rounds, quiet tenants, commit to stored");
        felt.forEach((scenario, phases) -> phases.forEach((phase, rounds) ->
                say("%-10s %-7s %s in %d rounds", scenario, phase, Latencies.median(rounds), rounds.size())));
        say("");
        felt.forEach((scenario, phases) -> {
            if (scenario == Scenario.REFUSED || scenario == Scenario.POISON) {
                say("%s", shift(scenario, phases));
            }
        });
        verdicts.forEach(verdict -> say("%s", verdict));
        return !failed;
    }

    private String shift(Scenario scenario, Map<String, List<Latencies>> phases) {
        double before = p99(phases, "before");
        double shift = p99(phases, "during") - before;
        double later = p99(phases, "after") - before;
        return line(
                shift <= Math.max(SHIFT_MILLIS, SHIFT_SHARE * before),
                String.format(
                        Locale.ROOT,
                        "%s: median p99 shifts by %+.1f ms (%+.0f %%) during, %+.1f ms (%+.0f %%) after;"
                                + " allowed: %.0f ms or %.0f %%",
                        scenario,
                        shift,
                        100 * shift / before,
                        later,
                        100 * later / before,
                        SHIFT_MILLIS,
                        100 * SHIFT_SHARE));
    }

    private static double p99(Map<String, List<Latencies>> phases, String phase) {
        return Latencies.median(phases.getOrDefault(phase, List.of())).p99();
    }

    static void say(String format, Object... arguments) {
        System.out.printf(Locale.ROOT, format + "%n", arguments);
    }
}
