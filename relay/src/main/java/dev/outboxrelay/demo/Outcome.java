package dev.outboxrelay.demo;

import java.util.ArrayList;
import java.util.List;

/** What the last lines say. Pure. */
record Outcome(List<String> lines, boolean good) {

    private static final int SHOWN = 20;

    static Outcome of(Comparison.Report report) {
        List<String> lines = new ArrayList<>();
        lines.add("Compared outbox and streams id by id, in order, with subject, payload and headers:");
        lines.add("%s events equal, %s differences%s"
                .formatted(
                        TableText.count(report.events()),
                        report.differences().isEmpty()
                                ? "no"
                                : TableText.count(report.differences().size()),
                        report.isClean() ? "." : ":"));
        report.differences().stream().limit(SHOWN).forEach(difference -> lines.add("  " + difference));
        if (report.differences().size() > SHOWN) {
            lines.add("  … and " + (report.differences().size() - SHOWN) + " more");
        }
        if (report.agedOut() > 0) {
            lines.add(TableText.count(report.agedOut()) + " older events were not compared: the streams' limits"
                    + " had dropped them.");
        }
        if (report.unmarked() > 0) {
            lines.add("  " + TableText.count(report.unmarked()) + " rows are not marked published");
        }
        if (report.deadLetters() > 0) {
            lines.add("  " + TableText.count(report.deadLetters()) + " rows in outbox.dead_letter");
        }
        return new Outcome(List.copyOf(lines), report.isClean());
    }
}
