package dev.outboxrelay.telemetry;

import dev.outboxrelay.testing.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The tables of {@code relay/docs/metrics.md}. */
final class MetricsReference {

    static final String PREFIX = "outbox_relay_";

    private static final Pattern ROW = Pattern.compile(
            "^\\| `([a-z_]+)` \\| (counter|gauge|histogram) \\| ([a-z, ]*) ?\\| ([^|]+) \\| ([^|]+) \\|.*$",
            Pattern.MULTILINE);
    private static final Pattern NAME = Pattern.compile("\\boutbox_relay_[a-z_]+");

    /** One row of a table. */
    record Entry(String type, Set<String> labels, String unit) {}

    private MetricsReference() {}

    /** All metrics, by their full name. */
    static Map<String, Entry> entries() {
        Map<String, Entry> all = new TreeMap<>();
        Matcher row = ROW.matcher(text());
        while (row.find()) {
            Set<String> labels = Arrays.stream(row.group(3).split(",", -1))
                    .map(String::strip)
                    .filter(label -> !label.isEmpty())
                    .collect(Collectors.toCollection(TreeSet::new));
            Entry before = all.put(PREFIX + row.group(1), new Entry(row.group(2), labels, row.group(4)));
            if (before != null) {
                throw new AssertionError("twice in the reference: " + row.group(1));
            }
        }
        return all;
    }

    /** The metrics that an expression names, without what a histogram's series have behind its name. */
    static Set<String> namedIn(String expression) {
        Set<String> names = new TreeSet<>();
        Matcher name = NAME.matcher(expression);
        while (name.find()) {
            names.add(name.group().replaceFirst("_(bucket|count|sum)$", ""));
        }
        return names;
    }

    private static String text() {
        try {
            return Files.readString(Repository.root().resolve("relay/docs/metrics.md"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
