package dev.outboxrelay.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A server as a process of this machine, listening on loopback. Its folder goes with it, also when the JVM ends. */
final class ServerProcess implements Server {
    private static final long STOP_SECONDS = 30;
    private static final int LOG_CHARACTERS = 3_000;

    private final String name;
    private final Path folder;
    private final List<String> command;
    private final Signal stopSignal;
    private final Runnable afterDeath;
    private final Thread hook = new Thread(this::end, "end-test-server");
    private volatile @Nullable Process process;

    /** How a server of this kind is asked to end in an orderly way. */
    enum Signal {
        INT,
        TERM
    }

    /** Takes over the folder; {@code afterDeath} frees what a killed server leaves outside of it. */
    ServerProcess(String name, Path folder, List<String> command, Signal stopSignal, Runnable afterDeath) {
        this.name = name;
        this.folder = folder;
        this.command = List.copyOf(command);
        this.stopSignal = stopSignal;
        this.afterDeath = afterDeath;
    }

    Path folder() {
        return folder;
    }

    @Override
    public String host() {
        return "127.0.0.1";
    }

    @Override
    public void start() {
        if (isRunning()) {
            throw new IllegalStateException(name + " runs already");
        }
        if (process == null) {
            Runtime.getRuntime().addShutdownHook(hook);
        }
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.directory(folder.toFile());
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + name, e);
        }
    }

    @Override
    public void stop() {
        if (process == null || !process.isAlive()) {
            return;
        }
        resume();
        Signals.send(stopSignal.name(), List.of(process.toHandle()));
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                kill();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            kill();
        }
    }

    @Override
    public void kill() {
        if (process == null) {
            return;
        }
        // Frozen first: a parent that still runs would start a new child between the listing and the kill.
        Signals.send("STOP", List.of(process.toHandle()));
        List<ProcessHandle> all = tree();
        Signals.send("KILL", all);
        Await.until(
                name + " is gone", Duration.ofSeconds(10), () -> all.stream().allMatch(ServerProcess::isGone));
    }

    @Override
    public void pause() {
        Process running = running();
        Signals.send("STOP", List.of(running.toHandle()));
        Signals.send("STOP", tree());
    }

    @Override
    public void resume() {
        Signals.send("CONT", tree());
    }

    @Override
    public void signal(String signal) {
        Signals.send(signal, List.of(running().toHandle()));
    }

    @Override
    public boolean isRunning() {
        return process != null && process.isAlive();
    }

    @Override
    public String lastLog() {
        String all = wholeLog();
        return all.substring(Math.max(0, all.length() - LOG_CHARACTERS));
    }

    @Override
    public String wholeLog() {
        try {
            return Files.exists(log()) ? Files.readString(log(), StandardCharsets.UTF_8) : "";
        } catch (IOException e) {
            return "(log unreadable: " + e + ")";
        }
    }

    @Override
    public void close() {
        end();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // The hook itself is at work, or has been: it did the same.
        }
    }

    private synchronized void end() {
        if (Files.exists(folder)) {
            kill();
            afterDeath.run();
            Folders.delete(folder);
        }
    }

    private Path log() {
        return folder.resolve("server.log");
    }

    private Process running() {
        if (process == null || !process.isAlive()) {
            throw new IllegalStateException(name + " does not run");
        }
        return process;
    }

    private List<ProcessHandle> tree() {
        if (process == null || !process.isAlive()) {
            return List.of();
        }
        return Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .toList();
    }

    /** An orphan that nobody has reaped yet still counts as alive for the JDK: its state in /proc tells. */
    private static boolean isGone(ProcessHandle handle) {
        if (!handle.isAlive()) {
            return true;
        }
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(handle.pid()), "stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2) == 'Z';
        } catch (IOException noProc) {
            return false;
        }
    }
}
