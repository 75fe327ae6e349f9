package dev.outboxrelay.cli;

import dev.outboxrelay.demo.Demo;
import dev.outboxrelay.demo.DemoOptions;
import dev.outboxrelay.telemetry.BuildInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Shows everything on this machine, and compares at the end. */
@Command(
        name = "demo",
        description =
                "Shows everything on this machine: embedded PostgreSQL, nats-server, the relay, an application that"
                        + " writes, a live view. Ends with a comparison of outbox and streams, and leaves nothing behind.")
final class DemoCommand implements Callable<Integer> {

    private static final int MOST_EVENTS_A_SECOND = 5_000;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            description = "Ends by itself after N seconds. Without it: until Ctrl-C.")
    @Nullable
    private Integer seconds;

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "300",
            description = "Everyday events a second, 1 to 5000 (default: 300). Large transactions come on top.")
    private int rate;

    @Option(
            names = "--nats-server",
            paramLabel = "PATH",
            description = "The nats-server program, 2.10 or newer. Without it: the one on the PATH.")
    @Nullable
    private Path natsServer;

    @Option(names = "--plant-difference", hidden = true, description = "Loses a message, which has to be found.")
    private boolean plantDifference;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        if (seconds != null && seconds < 1) {
            throw new ParameterException(spec.commandLine(), "--seconds must be 1 or more, not " + seconds);
        }
        if (rate < 1 || rate > MOST_EVENTS_A_SECOND) {
            throw new ParameterException(
                    spec.commandLine(), "--rate must be 1 to " + MOST_EVENTS_A_SECOND + ", not " + rate);
        }
        Versions versions = Versions.ofThisBuild();
        Demo demo = new Demo(
                new DemoOptions(
                        Optional.ofNullable(natsServer),
                        Optional.ofNullable(seconds).map(Duration::ofSeconds),
                        rate,
                        plantDifference),
                new BuildInfo(versions.relay(), versions.debezium(), versions.jnats()),
                spec.commandLine().getErr());
        return ExitAfterSignal.run("outbox-relay demo", demo::stop, demo::run);
    }
}
