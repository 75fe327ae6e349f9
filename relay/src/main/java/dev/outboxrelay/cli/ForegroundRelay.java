package dev.outboxrelay.cli;

import dev.outboxrelay.CannotStart;
import dev.outboxrelay.Relay;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.telemetry.BuildInfo;
import java.io.PrintWriter;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The relay in this process, until SIGTERM or Ctrl-C stops it or something has to be mended first. */
final class ForegroundRelay implements RelayRunner {

    /** The relay drains for 10 s at most; the rest is for confirming and closing both ends. */
    private static final long STOP_SECONDS = 20;

    @Override
    public int run(Settings settings, PrintWriter err) throws InterruptedException {
        Versions versions = Versions.ofThisBuild();
        Relay relay = new Relay(
                settings,
                new BuildInfo(versions.relay(), versions.debezium(), versions.jnats()),
                InstantSource.system());
        CompletableFuture<Integer> ended = new CompletableFuture<>();
        Thread onSignal = new Thread(() -> stop(relay, ended), "signal");
        Runtime.getRuntime().addShutdownHook(onSignal);
        int exitCode = ExitCode.FAILED;
        try {
            exitCode = run(relay, err);
        } finally {
            ended.complete(exitCode);
            forget(onSignal);
        }
        return exitCode;
    }

    private static int run(Relay relay, PrintWriter err) throws InterruptedException {
        try {
            relay.run();
            return ExitCode.FINE;
        } catch (CannotStart e) {
            err.println("outbox-relay run cannot start:");
            e.problems().forEach(problem -> err.println("  " + problem));
            err.flush();
            return ExitCode.FAILED;
        }
    }

    /** After a signal the JVM would exit with 128 and the signal's number, so the exit code is set by halting here. */
    private static void stop(Relay relay, CompletableFuture<Integer> ended) {
        int exitCode = ExitCode.FAILED;
        relay.stop();
        try {
            exitCode = ended.get(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            System.err.println("outbox-relay run: did not stop within " + STOP_SECONDS
                    + " s and was ended. Nothing is lost: what was not confirmed is read again at the next start.");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        System.out.flush();
        System.err.flush();
        Runtime.getRuntime().halt(exitCode);
    }

    private static void forget(Thread onSignal) {
        try {
            Runtime.getRuntime().removeShutdownHook(onSignal);
        } catch (IllegalStateException alreadyStopping) {
            // the signal came first: its thread ends the process with the exit code
        }
    }
}
