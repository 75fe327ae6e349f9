package dev.outboxrelay.cli;

import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What operators do with tenants. */
@Command(
        name = "tenant",
        description = "Tenants: pause, resume, remove. Needs the role outbox_operator.",
        synopsisSubcommandLabel = "COMMAND")
final class TenantCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    private TenantCommand() {}

    static CommandLine create(Map<String, String> environment) {
        return new CommandLine(new TenantCommand())
                .addSubcommand(new TenantPauseCommand(environment))
                .addSubcommand(new TenantResumeCommand(environment))
                .addSubcommand(new TenantRemoveCommand(environment));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "A command is missing");
    }
}
