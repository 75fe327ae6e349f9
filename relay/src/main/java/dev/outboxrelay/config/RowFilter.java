package dev.outboxrelay.config;

import java.util.List;
import java.util.Map;

/**
 * Which rows of a table are events at all: those that have one of the given values in each of the given columns.
 *
 * @param values column to the values that count, compared as text
 */
public record RowFilter(Map<String, List<String>> values) {

    /** Every row is an event. */
    public static final RowFilter ALL = new RowFilter(Map.of());

    public RowFilter {
        values = Map.copyOf(values);
    }

    /** The columns that it needs, in alphabetical order. */
    public List<String> columns() {
        return values.keySet().stream().sorted().toList();
    }
}
