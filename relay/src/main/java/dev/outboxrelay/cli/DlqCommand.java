package dev.outboxrelay.cli;

import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What operators do with dead letters. */
@Command(
        name = "dlq",
        description = "Dead letters and parked events: list, show, replay, discard. Needs the role outbox_operator.",
        synopsisSubcommandLabel = "COMMAND")
final class DlqCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    private DlqCommand() {}

    static CommandLine create(Map<String, String> environment) {
        return new CommandLine(new DlqCommand())
                .addSubcommand(new DlqListCommand(environment))
                .addSubcommand(new DlqShowCommand(environment))
                .addSubcommand(new DlqReplayCommand(environment))
                .addSubcommand(new DlqDiscardCommand(environment));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "A command is missing");
    }
}
