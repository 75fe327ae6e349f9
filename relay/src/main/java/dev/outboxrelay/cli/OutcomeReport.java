package dev.outboxrelay.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outboxrelay.dlq.Outcome;
import dev.outboxrelay.dlq.Refusal;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Tells an operator what became of the letters.
 *
 * @param done what was done to them, such as {@code handed over}
 */
record OutcomeReport(String done, boolean dryRun, Outcome outcome) {

    private static final int GROUPS = 20;

    /** In words: what was done on {@code out}, what was not on {@code err}. */
    void print(PrintWriter out, PrintWriter err) {
        int changed = outcome.changed().size();
        if (changed > 0) {
            out.println(letters(changed) + (dryRun ? " would be " : changed == 1 ? " was " : " were ") + done + ":");
            TextTable table = new TextTable("TENANT", "REASON", "LETTERS");
            List<Map.Entry<Outcome.Group, Long>> groups = outcome.groups().entrySet().stream()
                    .sorted(Map.Entry.<Outcome.Group, Long>comparingByValue(Comparator.reverseOrder())
                            .thenComparing(group -> group.getKey().toString()))
                    .toList();
            groups.stream()
                    .limit(GROUPS)
                    .forEach(group -> table.add(
                            Printable.of(group.getKey().tenant()),
                            Printable.of(group.getKey().reason()),
                            group.getValue().toString()));
            table.print(out);
            if (groups.size() > GROUPS) {
                out.println("… and " + (groups.size() - GROUPS) + " more groups");
            }
        } else if (outcome.refused() == 0 && outcome.locked() == 0) {
            out.println("No letter fits: nothing to do.");
        }
        printRest(err);
        out.flush();
        err.flush();
    }

    private void printRest(PrintWriter err) {
        if (outcome.refused() > 0) {
            err.println(letters(outcome.refused()) + (dryRun ? " would be" : "")
                    + " left dead"
                    + (isCorrectable() ? ", because the relay would refuse the event again:" : ":"));
            outcome.refusals().forEach(refusal -> err.println("  " + text(refusal)));
            if (outcome.refused() > outcome.refusals().size()) {
                err.println("  … and " + (outcome.refused() - outcome.refusals().size()) + " more");
            }
            if (isCorrectable()) {
                err.println("Correct them with --set-subject or --set-header, or give them up with dlq discard.");
            }
        }
        if (outcome.elsewhere() > 0) {
            err.println(letters(outcome.elsewhere()) + " decided by somebody else at the same moment.");
        }
        if (outcome.locked() > 0) {
            err.println(letters(outcome.locked())
                    + " left alone: somebody else's transaction holds them. Run the same command again for these.");
        }
    }

    private boolean isCorrectable() {
        return outcome.refusals().stream().anyMatch(Refusal::isCorrectable);
    }

    private static String text(Refusal refusal) {
        return refusal.letter().seq() + " (tenant "
                + Printable.of(refusal.letter().tenant()) + "): "
                + refusal.reason() + ": " + Printable.of(refusal.error());
    }

    private static String letters(long count) {
        return count + (count == 1 ? " letter" : " letters");
    }

    ObjectNode json() {
        ObjectNode json = LetterJson.object();
        json.put("dry_run", dryRun);
        json.put(done.replace(' ', '_'), outcome.changed().size());
        json.put("refused", outcome.refused());
        json.put("decided_elsewhere", outcome.elsewhere());
        json.put("locked", outcome.locked());
        ArrayNode refusals = json.putArray("refusals");
        for (Refusal refusal : outcome.refusals()) {
            refusals.addObject()
                    .put("seq", refusal.letter().seq())
                    .put("tenant_id", refusal.letter().tenant())
                    .put("reason", refusal.reason())
                    .put("error", refusal.error());
        }
        return json;
    }

    /** Whether everything that fitted was done. */
    boolean isComplete() {
        return dryRun || (outcome.refused() == 0 && outcome.locked() == 0);
    }
}
