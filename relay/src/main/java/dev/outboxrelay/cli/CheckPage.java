package dev.outboxrelay.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outboxrelay.check.Check;
import dev.outboxrelay.check.Finding;
import dev.outboxrelay.check.Group;
import dev.outboxrelay.check.Remedy;
import dev.outboxrelay.check.Report;
import dev.outboxrelay.check.Result;
import dev.outboxrelay.check.Status;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Shows how the checks ended: all of them in a line each, then what has to be mended, the worst last. */
final class CheckPage {

    /** Most findings of one check that people are shown. */
    private static final int MOST = 10;

    private CheckPage() {}

    static void list(Set<Check> checks, PrintWriter out) {
        int width = width();
        for (Group group : Group.values()) {
            List<Check> own =
                    checks.stream().filter(check -> check.group() == group).toList();
            if (!own.isEmpty()) {
                out.println(group.title());
                own.forEach(check -> out.println("  " + padded(check.id(), width) + "  " + check.why()));
            }
        }
    }

    static void print(Report report, PrintWriter out) {
        int width = width();
        for (Group group : Group.values()) {
            List<Result> own = report.results().stream()
                    .filter(result -> result.check().group() == group)
                    .toList();
            if (!own.isEmpty()) {
                out.println(group.title());
                lines(own, width, out);
            }
        }
        for (Status status : List.of(Status.SKIPPED, Status.WARN, Status.FAIL)) {
            report.results().stream()
                    .filter(result -> result.status() == status && hasRemedy(result))
                    .forEach(result -> mend(result, out));
        }
        out.println();
        out.println(report.count(Status.PASS) + " passed, " + report.count(Status.SKIPPED) + " skipped, "
                + report.count(Status.WARN) + " to be looked at, " + report.count(Status.FAIL) + " failed");
    }

    /** Those that could not be looked at for the same cause share a line. */
    private static void lines(List<Result> results, int width, PrintWriter out) {
        Map<String, List<Result>> skipped = results.stream()
                .filter(result -> result.status() == Status.SKIPPED && !hasRemedy(result))
                .collect(Collectors.groupingBy(CheckPage::text));
        for (Result result : results) {
            List<Result> alike =
                    result.status() == Status.SKIPPED ? skipped.getOrDefault(text(result), List.of()) : List.of();
            if (alike.size() > 1 && !alike.get(0).equals(result)) {
                continue;
            }
            String what =
                    alike.size() > 1 ? alike.size() + " checks" : result.check().id();
            out.println("  " + padded(word(result.status()), 4) + "  " + padded(what, width) + "  "
                    + Printable.of(text(result))
                    + (result.findings().size() > 1
                            ? " (and " + (result.findings().size() - 1) + " more)"
                            : ""));
        }
    }

    private static String text(Result result) {
        return result.findings().get(0).text();
    }

    private static boolean hasRemedy(Result result) {
        return result.status() != Status.SKIPPED
                || result.findings().stream()
                        .anyMatch(finding -> !finding.remedies().isEmpty());
    }

    private static void mend(Result result, PrintWriter out) {
        out.println();
        out.println(word(result.status()) + "  " + result.check().id());
        out.println("  why    " + result.check().why());
        List<Finding> findings = result.findings();
        for (Finding finding : findings.subList(0, Math.min(MOST, findings.size()))) {
            out.println("  found  " + Printable.of(finding.text()));
            finding.remedies().forEach(remedy -> remedy(remedy, out));
        }
        if (findings.size() > MOST) {
            out.println("  and " + (findings.size() - MOST) + " more: --json has all of them");
        }
    }

    /** As it is, so that it can be pasted, unless it would write something invisible to the terminal. */
    private static void remedy(Remedy remedy, PrintWriter out) {
        List<String> lines = remedy.run().lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            boolean visible = Printable.of(line).replace("\\\\", "\\").equals(line);
            out.println("  " + padded(i == 0 ? remedy.kind().code() : "", 5) + "  "
                    + (visible ? line : Printable.of(line) + "   (--json has it exactly)"));
        }
        if (remedy.then() != null) {
            out.println("  then   " + remedy.then());
        }
    }

    private static String word(Status status) {
        return switch (status) {
            case PASS -> "ok";
            case SKIPPED -> "skip";
            case WARN -> "warn";
            case FAIL -> status.code().toUpperCase(Locale.ROOT);
        };
    }

    private static int width() {
        int width = 0;
        for (Check check : Check.values()) {
            width = Math.max(width, check.id().length());
        }
        return width;
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }

    static ObjectNode json(Report report) {
        ObjectNode all = LetterJson.object();
        ObjectNode summary = all.putObject("summary");
        for (Status status : Status.values()) {
            summary.put(status.code(), report.count(status));
        }
        ArrayNode checks = all.putArray("checks");
        for (Result result : report.results()) {
            ObjectNode check = checks.addObject();
            check.put("id", result.check().id());
            check.put("group", result.check().group().name().toLowerCase(Locale.ROOT));
            check.put("status", result.status().code());
            check.put("why", result.check().why());
            ArrayNode findings = check.putArray("findings");
            for (Finding finding : result.findings()) {
                ObjectNode one = findings.addObject();
                one.put("status", finding.status().code());
                one.put("text", finding.text());
                ArrayNode remedies = one.putArray("remedies");
                for (Remedy remedy : finding.remedies()) {
                    ObjectNode mend = remedies.addObject();
                    mend.put("kind", remedy.kind().code());
                    mend.put("run", remedy.run());
                    mend.put("then", remedy.then());
                }
            }
        }
        return all;
    }
}
