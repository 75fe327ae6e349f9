package dev.outboxrelay.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Prints the versions of the relay and of the two libraries whose behaviour it depends on most. */
@Command(name = "version", description = "Prints the versions of the relay, Debezium and jnats.")
final class VersionCommand implements Callable<Integer> {

    @Option(names = "--json", description = "Prints one JSON object.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Versions versions = Versions.ofThisBuild();
        String format = json
                ? "{\"outbox-relay\":\"%s\",\"debezium\":\"%s\",\"jnats\":\"%s\"}%n"
                : "outbox-relay %s%nDebezium %s%njnats %s%n";
        PrintWriter out = spec.commandLine().getOut();
        out.printf(format, versions.relay(), versions.debezium(), versions.jnats());
        out.flush();
        return ExitCode.FINE;
    }
}
