package dev.outboxrelay.cli;

import dev.outboxrelay.CannotStart;
import dev.outboxrelay.Relay;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.telemetry.BuildInfo;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the relay in the calling thread until a signal ends it. */
final class ForegroundRelay implements RelayRunner {

    private static final Logger log = LoggerFactory.getLogger(ForegroundRelay.class);

    /** A little more than the relay takes to drain and to close both ends; then the process ends anyway. */
    private static final Duration STOP = Duration.ofSeconds(40);

    private final PrintWriter err;

    ForegroundRelay(PrintWriter err) {
        this.err = err;
    }

    @Override
    public int run(Settings settings) {
        Versions versions = Versions.ofThisBuild();
        BuildInfo build = new BuildInfo(versions.relay(), versions.debezium(), versions.jnats());
        Relay relay = new Relay(settings, build, InstantSource.system());
        Thread onSignal = new Thread(() -> stop(relay), "outbox-signal");
        Runtime.getRuntime().addShutdownHook(onSignal);
        try {
            relay.run();
            return ExitCode.FINE; // after a signal: the hook, already running, is what ends the process
        } catch (CannotStart e) {
            err.println("outbox-relay cannot start:");
            e.problems().forEach(problem -> err.println("  - " + problem));
            err.flush();
            return ExitCode.WRONG_USAGE;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCode.FAILED;
        } finally {
            // Left in place after a failure, the hook would find the relay stopped and turn the exit code into 0.
            forget(onSignal);
        }
    }

    /** Without a signal the process ends by itself, with an exit code of its own. */
    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            log.debug("a signal ends the process");
        }
    }

    /** In the shutdown hook: a JVM that a signal ends exits with 128 + its number, unless it is halted before. */
    private static void stop(Relay relay) {
        relay.stop();
        try {
            boolean inTime = relay.awaitStopped(STOP);
            if (!inTime) {
                log.atError().addKeyValue("after", STOP).log("the relay did not stop, ending the process");
            }
            Runtime.getRuntime().halt(inTime ? ExitCode.FINE : ExitCode.FAILED);
        } catch (InterruptedException e) {
            Runtime.getRuntime().halt(ExitCode.FAILED);
        }
    }
}
