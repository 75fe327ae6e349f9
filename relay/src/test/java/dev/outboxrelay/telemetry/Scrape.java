package dev.outboxrelay.telemetry;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A page in the Prometheus text format, taken apart. */
final class Scrape {

    private static final Pattern LABEL_NAME = Pattern.compile("(\\w+)=\"");

    private final String text;

    Scrape(String text) {
        this.text = text;
    }

    /** Returns each metric that has a TYPE line, with its type. */
    Map<String, String> types() {
        return text.lines()
                .filter(line -> line.startsWith("# TYPE "))
                .map(line -> line.split(" "))
                .collect(Collectors.toMap(parts -> parts[2], parts -> parts[3], (a, b) -> a, TreeMap::new));
    }

    /** Returns each sample name with the label names that it carries. */
    Map<String, Set<String>> labelNames() {
        Map<String, Set<String>> names = new TreeMap<>();
        samples().keySet().forEach(series -> {
            Set<String> labels = new TreeSet<>();
            LABEL_NAME.matcher(series).results().forEach(match -> labels.add(match.group(1)));
            names.merge(series.replaceAll("\\{.*", ""), labels, (a, b) -> {
                a.addAll(b);
                return a;
            });
        });
        return names;
    }

    /** Returns the value of one series, written as on the page. */
    double value(String series) {
        Double value = samples().get(series);
        if (value == null) {
            throw new AssertionError("no series " + series + " in\n" + text);
        }
        return value;
    }

    boolean has(String series) {
        return samples().containsKey(series);
    }

    private Map<String, Double> samples() {
        Map<String, Double> samples = new LinkedHashMap<>();
        Arrays.stream(text.split("\n"))
                .filter(line -> !line.startsWith("#"))
                .forEach(line -> samples.put(
                        line.substring(0, line.lastIndexOf(' ')),
                        Double.valueOf(line.substring(line.lastIndexOf(' ') + 1))));
        return samples;
    }
}
