package dev.outboxrelay.demo;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The table as text, {@value #WIDTH} columns wide. Pure. */
final class TableText {

    static final int WIDTH = 98;

    static final String FOOTNOTE =
            "p50 and p99 hold large transactions too: their events commit together and queue behind each other.";

    private static final String CELLS = "%-13s%11s%13s%11s%11s%9s%10s%10s%10s";

    private final Style style;

    TableText(Style style) {
        this.style = style;
    }

    List<String> lines(Figures figures) {
        List<String> lines = new ArrayList<>();
        lines.add(style.dim("%-13s%11s%13s%11s%11s%9s%10s%20s"
                .formatted("", "", "rolled", "published", "in the", "on the", "", "commit to PubAck")));
        lines.add(style.bold(
                CELLS.formatted("tenant", "inserted", "back", "(PubAck)", "stream", "way", "events/s", "p50", "p99")));
        lines.add(style.dim("─".repeat(WIDTH)));
        figures.tenants().forEach(line -> lines.add(line(line)));
        lines.add(style.dim("─".repeat(WIDTH)));
        lines.add(style.bold(line(figures.total())));
        return lines;
    }

    private String line(Figures.Line line) {
        String way = "%9s".formatted(count(line.onTheWay()));
        String stream = "%11s".formatted(count(line.inStream()));
        boolean even = line.onTheWay() == 0;
        return style.accent("%-13s".formatted(line.tenant()))
                + "%11s".formatted(count(line.inserted()))
                + style.dim("%13s".formatted(count(line.rolledBack())))
                + "%11s".formatted(count(line.published()))
                + (even ? style.good(stream) : style.busy(stream))
                + (even ? style.dim(way) : style.busy(way))
                + "%10s".formatted(count(Math.round(line.rate())))
                + "%10s".formatted(latency(line.p50()))
                + "%10s".formatted(latency(line.p99()));
    }

    /** All in one line, for where there is no terminal. */
    static String summary(Figures figures) {
        Figures.Line total = figures.total();
        return "inserted %s, rolled back %s, published %s, in streams %s, %s/s, commit to PubAck p50 %s p99 %s"
                .formatted(
                        count(total.inserted()),
                        count(total.rolledBack()),
                        count(total.published()),
                        count(total.inStream()),
                        count(Math.round(total.rate())),
                        latency(total.p50()),
                        latency(total.p99()));
    }

    static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    static String latency(Optional<Duration> latency) {
        return latency.map(TableText::latency).orElse("-");
    }

    private static String latency(Duration latency) {
        double millis = latency.toNanos() / 1e6;
        if (millis < 9.95) {
            return String.format(Locale.ROOT, "%.1f ms", millis);
        }
        return millis < 999.5
                ? String.format(Locale.ROOT, "%.0f ms", millis)
                : String.format(Locale.ROOT, "%.1f s", millis / 1_000);
    }
}
