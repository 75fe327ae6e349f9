package dev.outboxrelay.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A program that the demo started, in a session of its own and under the watchdog. Closing ends it: first with the
 * signal for an orderly end, then by force.
 */
final class ChildProcess implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final int LOG_TAIL = 1_500;

    private final String name;
    private final Process process;
    private final Path log;
    private final String orderly;
    private final Watchdog watchdog;

    private ChildProcess(String name, Process process, Path log, String orderly, Watchdog watchdog) {
        this.name = name;
        this.process = process;
        this.log = log;
        this.orderly = orderly;
        this.watchdog = watchdog;
    }

    /**
     * Starts it in a folder, where its output goes to a file.
     *
     * @param orderly the signal for an orderly end, such as {@code TERM}
     * @param atOnce the signal that ends it at once, for the watchdog
     */
    static ChildProcess start(
            String name, List<String> command, Path folder, String orderly, String atOnce, Watchdog watchdog)
            throws DemoFailed {
        Path log = folder.resolve(name + ".log");
        try {
            Process process = new ProcessBuilder(Programs.detached(command))
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            watchdog.watch(process.pid(), atOnce);
            return new ChildProcess(name, process, log, orderly, watchdog);
        } catch (IOException e) {
            throw new DemoFailed("cannot start " + name, e);
        }
    }

    /** Waits for a program that ends by itself. */
    void awaitSuccess(StopSignal stop) throws DemoFailed, StopRequested, InterruptedException {
        while (process.isAlive()) {
            stop.check();
            boolean unused = process.waitFor(POLL.toMillis(), TimeUnit.MILLISECONDS);
        }
        if (process.exitValue() != 0) {
            throw new DemoFailed(ended());
        }
    }

    /** What is to be said if it has ended by itself, empty while it runs. */
    Optional<String> crash() {
        return process.isAlive() ? Optional.empty() : Optional.of(ended());
    }

    private String ended() {
        return name + " ended by itself with exit code " + process.exitValue() + "; its log ends with:\n"
                + logTail().indent(4).stripTrailing();
    }

    private String logTail() {
        try {
            String all = Files.readString(log, StandardCharsets.UTF_8).strip();
            return all.substring(Math.max(0, all.length() - LOG_TAIL));
        } catch (IOException e) {
            return "(unreadable: " + e.getMessage() + ")";
        }
    }

    @Override
    public void close() {
        try {
            // the shell's own kill, because small images have no such program
            boolean asked = !process.isAlive()
                    || Programs.succeeds(List.of("sh", "-c", "kill -s " + orderly + " " + process.pid()));
            if (!asked || !process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
            }
            watchdog.forget(process.pid());
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
