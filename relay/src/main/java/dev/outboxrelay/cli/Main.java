package dev.outboxrelay.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command line of the relay. */
@Command(
        name = "outbox-relay",
        description = "Publishes the rows of a PostgreSQL outbox to one NATS JetStream stream per tenant.",
        synopsisSubcommandLabel = "COMMAND")
public final class Main implements Runnable {

    static final String DEBUG = "--debug";

    /** Read by logback.xml, where it overrides the environment variable of the same name. */
    private static final String LOG_LEVEL = "OUTBOX_LOG_LEVEL";

    @Spec
    private CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Says how a command is used.")
    boolean help;

    @Option(
            names = DEBUG,
            scope = ScopeType.INHERIT,
            description = "Logs at debug and shows where a failure came from.")
    void debug(boolean on) {
        if (on) {
            System.setProperty(LOG_LEVEL, "DEBUG");
        }
    }

    private Main() {}

    /** Runs one command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        Optional<String> wrong = LogFormat.apply(System.getenv());
        if (wrong.isPresent()) {
            System.err.println("outbox-relay: " + wrong.get());
            System.exit(ExitCode.WRONG_USAGE);
        }
        RelayRunner relay = new ForegroundRelay(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        System.exit(commandLine(System.getenv(), relay).execute(arguments));
    }

    /** The whole command line; the caller says what the environment is and what runs the relay. */
    static CommandLine commandLine(Map<String, String> environment, RelayRunner relay) {
        Failures failures = new Failures();
        return new CommandLine(new Main())
                .addSubcommand(new RunCommand(environment, relay))
                .addSubcommand(new CheckCommand(environment, InstantSource.system()))
                .addSubcommand(new StatusCommand(environment))
                .addSubcommand(new EventCommand(environment))
                .addSubcommand(new DemoCommand())
                .addSubcommand(DlqCommand.create(environment))
                .addSubcommand(TenantCommand.create(environment))
                .addSubcommand(new RepublishCommand(environment))
                .addSubcommand(new BacklogCommand(environment))
                .addSubcommand(new VersionCommand())
                .setExecutionExceptionHandler(failures)
                .setParameterExceptionHandler(failures);
    }

    /** Without a command there is nothing to do. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "A command is missing");
    }
}
