package dev.outboxrelay.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Java installations beside the one that runs this. */
final class NewerJava {

    /** Names the home of one. */
    static final String VARIABLE = "OUTBOX_BENCH_JAVA_HOME";

    private static final Path USUAL = Path.of("/usr/lib/jvm");
    private static final Pattern VERSION = Pattern.compile("JAVA_VERSION=\"(\\d+)");

    private NewerJava() {}

    /**
     * The home of a Java of at least this version: the one that the variable names, else this one, else a neighbour.
     */
    static Optional<Path> home(int version) {
        return candidates().stream()
                .filter(home -> version(home) >= version)
                .filter(home -> Files.isExecutable(home.resolve("bin/java")))
                .findFirst();
    }

    private static List<Path> candidates() {
        List<Path> homes = new ArrayList<>();
        String named = System.getenv(VARIABLE);
        if (named != null && !named.isEmpty()) {
            homes.add(Path.of(named));
        }
        Path own = Path.of(System.getProperty("java.home"));
        homes.add(own);
        homes.addAll(folders(own.getParent() == null ? own : own.getParent()));
        homes.addAll(folders(USUAL));
        return homes;
    }

    private static List<Path> folders(Path parent) {
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(parent)) {
            return children.filter(Files::isDirectory).sorted().toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** The version that the installation's own description tells; 0 when there is none. */
    static int version(Path home) {
        try {
            Matcher version = VERSION.matcher(Files.readString(home.resolve("release")));
            return version.find() ? Integer.parseInt(version.group(1)) : 0;
        } catch (IOException e) {
            return 0;
        }
    }
}
