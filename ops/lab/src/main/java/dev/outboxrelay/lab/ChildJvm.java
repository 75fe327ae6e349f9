package dev.outboxrelay.lab;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A Java program in a process of its own, in a folder that goes with it. It ends with this JVM. */
final class ChildJvm implements Mover {

    private final Process process;
    private final Path folder;
    private final Thread hook;

    private ChildJvm(Process process, Path folder) {
        this.process = process;
        this.folder = folder;
        this.hook = new Thread(process::destroyForcibly, "end-child");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** An empty folder for one. */
    static Path folder() throws IOException {
        return Files.createTempDirectory("outbox-relay-bench-");
    }

    /** Starts a program in a folder that is the child's from now on. Its stdin is open until this JVM ends. */
    static ChildJvm start(List<String> command, Path folder) throws IOException {
        return new ChildJvm(
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(log(folder).toFile())
                        .start(),
                folder);
    }

    /** Starts a class of the lab. */
    static ChildJvm start(Class<?> program, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(command(program, List.of()));
        command.addAll(arguments);
        return start(command, folder());
    }

    /** The command that runs a class of the lab with as much memory as the relay has by default. */
    static List<String> command(Class<?> program, List<String> javaOptions) {
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-cp",
                absolute(System.getProperty("java.class.path"))));
        command.addAll(javaOptions);
        command.add(program.getName());
        return command;
    }

    /** The child runs in another folder. */
    private static String absolute(String classPath) {
        return Stream.of(classPath.split(File.pathSeparator, -1))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    @Override
    public long pid() {
        return process.pid();
    }

    @Override
    public boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public String log() {
        try {
            return Files.readString(log(folder));
        } catch (IOException e) {
            return "(log unreadable: " + e + ")";
        }
    }

    private static Path log(Path folder) {
        return folder.resolve("child.log");
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + folder, e);
        }
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // the hook did the same
        }
    }
}
