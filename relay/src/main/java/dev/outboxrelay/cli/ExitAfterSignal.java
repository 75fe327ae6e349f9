package dev.outboxrelay.cli;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs something that SIGTERM and Ctrl-C stop in an orderly way, with an exit code of its own: a JVM that a signal ends
 * would exit with 128 and the signal's number.
 */
final class ExitAfterSignal {

    private static final long STOP_SECONDS = 120;

    private ExitAfterSignal() {}

    /**
     * Runs it in the calling thread.
     *
     * @param stop asks it to end and returns at once; called by another thread, when a signal comes
     * @param work true if all went well
     */
    static int run(String name, Runnable stop, Callable<Boolean> work) throws Exception {
        CompletableFuture<Integer> ended = new CompletableFuture<>();
        Thread onSignal = new Thread(() -> stop(name, stop, ended), "signal");
        Runtime.getRuntime().addShutdownHook(onSignal);
        int exitCode = ExitCode.FAILED;
        try {
            exitCode = work.call() ? ExitCode.FINE : ExitCode.FAILED;
        } finally {
            ended.complete(exitCode);
            forget(onSignal);
        }
        return exitCode;
    }

    private static void stop(String name, Runnable stop, CompletableFuture<Integer> ended) {
        int exitCode = ExitCode.FAILED;
        stop.run();
        try {
            exitCode = ended.get(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            System.err.println(name + ": did not end within " + STOP_SECONDS + " s of a signal and was ended");
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
        } catch (IllegalStateException alreadyEnding) {
            // a signal came first: the hook's thread ends the process
        }
    }
}
