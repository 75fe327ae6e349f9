package dev.outboxrelay.config;

import java.util.List;

/**
 * A column, or a part of the JSON document in it.
 *
 * @param path names of fields from the outside in; empty for the column as it is
 */
public record ColumnPath(String column, List<String> path) {

    public ColumnPath {
        path = List.copyOf(path);
    }

    /** The column as it is. */
    public static ColumnPath of(String column) {
        return new ColumnPath(column, List.of());
    }
}
