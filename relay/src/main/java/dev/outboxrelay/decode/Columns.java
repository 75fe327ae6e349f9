package dev.outboxrelay.decode;

import org.jspecify.annotations.Nullable;

/** The values of one row by column name. */
@FunctionalInterface
public interface Columns {

    /**
     * A column's value: {@code byte[]} for bytea, {@code String} for text, uuid and JSON, a number for numbers; null
     * when the value is null or the column is not published.
     */
    @Nullable
    Object get(String column);

    /**
     * Whether the row has this column at all, be it null. The WAL brings a row with the columns that its table and its
     * publication had when it was written.
     */
    default boolean has(String column) {
        return true;
    }
}
