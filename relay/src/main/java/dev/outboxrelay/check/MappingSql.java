package dev.outboxrelay.check;

import dev.outboxrelay.config.RowFilter;
import dev.outboxrelay.config.TenantSource;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Mappings in SQL: what the relay finds in a row, as far as SQL can tell. Pure. */
public final class MappingSql {

    private MappingSql() {}

    /** An expression for a row's tenant, over the columns of its table. */
    public static String tenant(TenantSource source) {
        if (source instanceof TenantSource.Column column) {
            return SqlText.name(column.column());
        }
        if (source instanceof TenantSource.Constant constant) {
            return SqlText.text(constant.tenant()) + "::text";
        }
        if (source instanceof TenantSource.JsonPath json) {
            // through text, as the document may be in a column of type text
            return "(" + SqlText.name(json.column()) + "::text::jsonb #>> ARRAY["
                    + json.path().stream().map(SqlText::text).collect(Collectors.joining(", ")) + "])";
        }
        TenantSource.Lookup lookup = (TenantSource.Lookup) source;
        String cases = new TreeMap<>(lookup.tenants())
                .entrySet().stream().map(MappingSql::branch).collect(Collectors.joining());
        return "(CASE " + tenant(lookup.of()) + "::text" + cases + " END)";
    }

    /**
     * A condition for rows that are events; {@code true} where every row is.
     *
     * @param prefix what stands before a column's name, such as {@code m.}
     */
    public static String isEvent(RowFilter filter, String prefix) {
        return filter.columns().isEmpty()
                ? "true"
                : filter.columns().stream()
                        .map(column -> prefix + SqlText.name(column) + "::text IN ("
                                + Objects.requireNonNull(filter.values().get(column)).stream()
                                        .map(SqlText::text)
                                        .collect(Collectors.joining(", "))
                                + ")")
                        .collect(Collectors.joining(" AND "));
    }

    private static String branch(Map.Entry<String, String> entry) {
        return " WHEN " + SqlText.text(entry.getKey()) + " THEN " + SqlText.text(entry.getValue());
    }
}
