package dev.outboxrelay.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The files of this repository that tests use: its SQL and its scripts. Any thread. */
public final class Repository {
    private static final Pattern VERSIONED = Pattern.compile("V(\\d+)__.*\\.sql");
    private static final Map<List<String>, Path> PRINTED = new ConcurrentHashMap<>();

    private Repository() {}

    /** Returns the repository's root folder: the nearest one above the Maven module that holds {@code ops/}. */
    public static Path root() {
        Path start = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
        for (Path folder = start; folder != null; folder = folder.getParent()) {
            if (Files.exists(folder.resolve("ops/nats-server"))) {
                return folder;
            }
        }
        throw new IllegalStateException(
                "no folder with ops/nats-server above " + start + ": run tests inside the repository");
    }

    /** Returns the schema's versioned SQL files in version order. */
    public static List<Path> migrations() {
        return migrations(root());
    }

    /** The same of another version of this repository. */
    public static List<Path> migrations(Path root) {
        Path folder = root.resolve("schema");
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> migrations = files.filter(file -> version(file) >= 0)
                    .sorted(Comparator.comparingInt(Repository::version))
                    .toList();
            if (migrations.isEmpty()) {
                throw new IllegalStateException("no V*.sql in " + folder);
            }
            return migrations;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + folder, e);
        }
    }

    private static int version(Path file) {
        Matcher name = VERSIONED.matcher(file.getFileName().toString());
        return name.matches() ? Integer.parseInt(name.group(1)) : -1;
    }

    /** Returns the newest nats-server program, fetched where there is none. */
    public static Path natsServer() {
        return printedBy("nats-server");
    }

    /** Returns Prometheus's promtool, fetched where there is none. */
    public static Path promtool() {
        return printedBy("promtool");
    }

    /** Returns a kubectl that can do {@code kubectl kustomize}, fetched where there is none. */
    public static Path kubectl() {
        return printedBy("kubectl");
    }

    /** Returns the folder of a Debezium Server of the version that the relay embeds, fetched where there is none. */
    public static Path debeziumServer() {
        return printedBy("debezium-server");
    }

    /**
     * Runs a script of {@code ops/} that prints one path, once in a JVM for the same arguments, and returns that path.
     * Its progress goes to this process's stderr. Throws if it fails.
     */
    static Path printedBy(String script, String... arguments) {
        List<String> command = Stream.concat(
                        Stream.of(root().resolve("ops").resolve(script).toString()), Stream.of(arguments))
                .toList();
        return PRINTED.computeIfAbsent(command, Repository::run);
    }

    private static Path run(List<String> command) {
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
            builder.environment().put("XDG_CACHE_HOME", Unprivileged.cacheHome().toString());
            Process process = builder.start();
            process.getOutputStream().close();
            String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            int exit = process.waitFor();
            if (exit != 0 || printed.isEmpty()) {
                throw new IllegalStateException(command + " ended with " + exit + ": its stderr says what to do");
            }
            return Path.of(printed);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + command, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while running " + command, e);
        }
    }
}
