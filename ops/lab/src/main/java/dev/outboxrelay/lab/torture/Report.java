package dev.outboxrelay.lab.torture;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What happened, told while it happens and summed up in the end. Any thread. */
final class Report {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneOffset.UTC);
    private static final int SHOWN = 5;

    private final PrintStream out;
    private final InstantSource clock;
    private final List<Violation> violations = new ArrayList<>();
    private final Map<TakeOver.Kind, List<TakeOver>> takeOvers = new EnumMap<>(TakeOver.Kind.class);
    private int kills;
    private int otherFaults;

    Report(PrintStream out, InstantSource clock) {
        this.out = out;
        this.clock = clock;
    }

    /** A line with the time of day, which the relays' logs have too (UTC). */
    synchronized void line(String text) {
        out.println(TIME.format(clock.instant()) + "  " + text);
    }

    synchronized void plain(String text) {
        out.println(text);
    }

    synchronized void faulted(Fault fault) {
        if (fault instanceof Fault.OfRelay relay && relay.kills() > 0) {
            kills += relay.kills();
        } else {
            otherFaults++;
        }
    }

    synchronized void takeOver(TakeOver takeOver) {
        takeOvers.computeIfAbsent(takeOver.kind(), unused -> new ArrayList<>()).add(takeOver);
    }

    synchronized void violation(Violation violation) {
        violations.add(violation);
        long same =
                violations.stream().filter(v -> v.kind() == violation.kind()).count();
        if (same <= SHOWN) {
            line("VIOLATION " + violation);
        } else if (same == SHOWN + 1) {
            line("VIOLATION " + violation.kind().word() + ": more of these");
        }
    }

    synchronized List<Violation> violations() {
        return List.copyOf(violations);
    }

    /** The final table. */
    synchronized void table(Census census, Duration length) {
        row("kill -9 of a relay", Integer.toString(kills));
        row("other faults", Integer.toString(otherFaults));
        row("length", length.toSeconds() + " s");
        takeOvers.forEach((kind, all) -> {
            row(
                    kind.text() + ", to leadership",
                    quantiles(all.stream().map(TakeOver::leads).toList()));
            row(
                    kind.text() + ", to the first PubAck",
                    quantiles(all.stream().map(TakeOver::acknowledged).toList()));
        });
        census.rows().forEach(this::row);
        for (Violation.Kind kind : Violation.Kind.values()) {
            long count = violations.stream().filter(v -> v.kind() == kind).count();
            row(kind.word(), String.format(Locale.ROOT, "%,d", count));
        }
    }

    private void row(String name, String value) {
        out.printf(Locale.ROOT, "%-58s %s%n", name, value);
    }

    private static String quantiles(List<Duration> durations) {
        List<Duration> sorted = durations.stream().sorted().toList();
        return String.format(
                Locale.ROOT,
                "p50 %.2f s, p99 %.2f s, longest %.2f s, of %d",
                seconds(sorted.get((sorted.size() - 1) / 2)),
                seconds(sorted.get((int) Math.ceil(sorted.size() * 0.99) - 1)),
                seconds(sorted.get(sorted.size() - 1)),
                sorted.size());
    }

    static double seconds(Duration duration) {
        return duration.toMillis() / 1_000.0;
    }

    Instant now() {
        return clock.instant();
    }
}
