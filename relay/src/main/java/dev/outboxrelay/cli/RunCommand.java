package dev.outboxrelay.cli;

import dev.outboxrelay.config.Reading;
import dev.outboxrelay.config.Settings;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Runs the relay in the foreground until a signal or a failure ends it. */
@Command(name = "run", description = "Runs the relay until it gets SIGTERM or Ctrl-C.")
final class RunCommand implements Callable<Integer> {

    private final Map<String, String> environment;
    private final RelayRunner runner;

    @Mixin
    private ConfigOption config;

    @Spec
    private CommandSpec spec;

    RunCommand(Map<String, String> environment, RelayRunner runner) {
        this.environment = environment;
        this.runner = runner;
    }

    @Override
    public Integer call() {
        Reading reading = ConfigLoader.load(config.file, environment);
        if (reading instanceof Reading.Rejected rejected) {
            ConfigProblems.print(rejected, spec.commandLine().getErr());
            return ExitCode.WRONG_USAGE;
        }
        Settings settings = ((Reading.Complete) reading).settings();
        return runner.run(settings);
    }
}
