package dev.outboxrelay.lab;

import java.util.logging.LogManager;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code ops/bench}: measures on this machine, with servers of its own. */
@Command(
        name = "ops/bench",
        mixinStandardHelpOptions = true,
        subcommands = {
            BacklogBench.class,
            LatencyBench.class,
            ChainBench.class,
            ReaderBench.class,
            IsolationBench.class,
            HeadlineBench.class,
            ScaleBench.class,
            LagBench.class,
            NewcomersBench.class,
            AttachBench.class,
            SettleBench.class,
            SidecarsBench.class
        })
public final class Bench {

    private Bench() {}

    /** Runs one benchmark and ends the process. */
    public static void main(String[] arguments) {
        LogManager.getLogManager().reset(); // the NATS client tells of every consumer that it serves
        System.exit(new CommandLine(new Bench()).execute(arguments));
    }
}
