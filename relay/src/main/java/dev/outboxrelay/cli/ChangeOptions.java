package dev.outboxrelay.cli;

import dev.outboxrelay.dlq.LetterFilter;
import dev.outboxrelay.dlq.Outcome;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What every command has that changes letters. */
final class ChangeOptions {

    @Option(names = "--dry-run", description = "Changes nothing; counts what would be done.")
    boolean dryRun;

    @Option(names = "--all", description = "Means every letter; without it something has to say which.")
    private boolean all;

    @Option(names = "--json", description = "Prints one JSON object.")
    boolean json;

    /** Refuses to take all letters because nobody said which. */
    void check(LetterFilter filter, CommandLine command) {
        if (!all && !filter.isNarrow()) {
            throw new ParameterException(
                    command,
                    "Say which letters (by number, --tenant, --reason, --older-than, …), or --all; --dry-run counts first");
        }
    }

    /**
     * Says what was done; the exit code is about whether all of it was.
     *
     * @param otherSlot why nothing was, where another slot is the matter
     */
    int report(String done, Outcome outcome, LetterOptions letters, Optional<String> otherSlot, CommandLine command) {
        OutcomeReport report = new OutcomeReport(done, dryRun, outcome);
        if (json) {
            command.getOut().println(report.json());
            command.getOut().flush();
        } else {
            report.print(command.getOut(), command.getErr());
        }
        if (otherSlot.isPresent()) {
            command.getErr().println("Not done: " + otherSlot.get() + ".");
            command.getErr().flush();
            return ExitCode.FAILED;
        }
        boolean nothing = outcome.changed().isEmpty() && outcome.refused() == 0;
        if (nothing && !letters.keys().isEmpty()) {
            command.getErr()
                    .println(
                            "The letters that were named are not there, are decided already, or were given up by a consumer"
                                    + " (--kind; their messages are in their stream): see outbox-relay dlq show.");
            command.getErr().flush();
            return ExitCode.FAILED;
        }
        return report.isComplete() ? ExitCode.FINE : ExitCode.FAILED;
    }
}
