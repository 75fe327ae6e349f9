package dev.outboxrelay.telemetry;

import dev.outboxrelay.testing.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The pages in {@code ops/runbooks}, and what is in their blocks of code. */
public final class Runbooks {

    static final Path FOLDER = Repository.root().resolve("ops/runbooks");

    private static final Pattern BLOCK = Pattern.compile("(?ms)^ *```([a-z]*)\\n(.*?)^ *```$");
    private static final Pattern INLINE = Pattern.compile("`(outbox-relay [^`…]+)`");

    private Runbooks() {}

    /** The text of each page, by its name, without the list of all. */
    static Map<String, String> pages() {
        Map<String, String> pages = new TreeMap<>();
        try (Stream<Path> files = Files.list(FOLDER)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (!name.equals("README.md")) {
                    pages.put(name, Files.readString(file));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return pages;
    }

    /** Each line of the blocks in this language; the empty one is that of commands. */
    static List<String> lines(String language) {
        List<String> lines = new ArrayList<>();
        pages().values().forEach(text -> {
            Matcher block = BLOCK.matcher(text);
            while (block.find()) {
                if (block.group(1).equals(language)) {
                    block.group(2)
                            .lines()
                            .map(String::strip)
                            .filter(line -> !line.isEmpty())
                            .forEach(lines::add);
                }
            }
        });
        return lines;
    }

    /** Each command line of the relay that a page has, in a block or between the words. */
    public static List<String> commands() {
        List<String> commands = new ArrayList<>(lines("").stream()
                .filter(line -> line.startsWith("outbox-relay "))
                .toList());
        pages().values().forEach(text -> {
            Matcher inline = INLINE.matcher(text);
            while (inline.find()) {
                commands.add(inline.group(1));
            }
        });
        return commands;
    }

    /** Each statement in SQL: one a line, so that it can be pasted. */
    public static List<String> statements() {
        return lines("sql");
    }
}
