package dev.outboxrelay.event;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A table with its schema, each part spelled as PostgreSQL stores it (unquoted names are stored in lower case).
 *
 * <p>Parts are letters, digits, {@code _} and {@code $}, at most 63 of them (PostgreSQL's NAMEDATALEN), and do not
 * start with a digit or {@code $}: the relay puts them into SQL and into the engine's table patterns.
 */
public record TableName(String schema, String table) {

    private static final String PART = "[A-Za-z_][A-Za-z0-9_$]{0,62}";
    private static final Pattern NAME = Pattern.compile("(" + PART + ")\\.(" + PART + ")");

    /** The product's own table. */
    public static final TableName OUTBOX_MESSAGE = new TableName("outbox", "message");

    /**
     * Stands in a table's place for events that were emitted: they have none, so there is nothing to settle. The name
     * is the function's, and no table of that name can be mapped.
     */
    public static final TableName OUTBOX_EMIT = new TableName("outbox", "emit");

    public TableName {
        if (!NAME.matcher(schema + "." + table).matches()) {
            throw new IllegalArgumentException("not a table name: " + schema + "." + table);
        }
    }

    /** Reads {@code schema.table}; empty where the text is anything else. */
    public static Optional<TableName> parse(String text) {
        Matcher name = NAME.matcher(text);
        return name.matches() ? Optional.of(new TableName(name.group(1), name.group(2))) : Optional.empty();
    }

    /** The name as SQL takes it whatever its case: {@code "schema"."table"}. */
    public String quoted() {
        return "\"" + schema + "\".\"" + table + "\"";
    }

    /** As of any record, but quick for the same object: every row is looked up by its table. */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || (other instanceof TableName name && table.equals(name.table) && schema.equals(name.schema));
    }

    @Override
    public int hashCode() {
        return 31 * schema.hashCode() + table.hashCode();
    }

    @Override
    public String toString() {
        return schema + "." + table;
    }
}
