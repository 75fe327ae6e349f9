package dev.outboxrelay.decode;

import dev.outboxrelay.config.RowFilter;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.event.TableName;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Reads rows of every mapped table as events. Never throws for what a row holds. Immutable and thread-safe. */
public final class Decoder {

    private final Map<TableName, RowDecoder> rows;

    /** Tables of which not every row is an event; mostly there is none. */
    private final Map<TableName, RowFilter> filters;

    public Decoder(List<TableMapping> mappings) {
        this.rows = mappings.stream().collect(Collectors.toUnmodifiableMap(TableMapping::name, Decoder::decoder));
        this.filters = mappings.stream()
                .filter(mapping -> !mapping.layout().filter().values().isEmpty())
                .collect(Collectors.toUnmodifiableMap(
                        TableMapping::name, mapping -> mapping.layout().filter()));
    }

    /** Chosen once: rows of the native table come by the million, and take no look at what only others need. */
    private static RowDecoder decoder(TableMapping mapping) {
        return mapping.isPlain() ? new PlainRows(mapping) : new MappedRows(mapping);
    }

    /** Whether a row is an event at all; one that is not is nobody's, and left alone. */
    public boolean isEvent(Change.Inserted row) {
        if (filters.isEmpty()) {
            return true;
        }
        RowFilter filter = filters.get(row.table());
        return filter == null || accepts(filter, row.columns());
    }

    private static boolean accepts(RowFilter filter, Columns columns) {
        for (Map.Entry<String, List<String>> column : filter.values().entrySet()) {
            Object value = columns.get(column.getKey());
            if (value == null && !columns.has(column.getKey())) {
                continue; // nobody can tell whether it is one; reading it says so
            }
            if (value == null || !column.getValue().contains(value.toString())) {
                return false;
            }
        }
        return true;
    }

    /**
     * Reads one row that is an event.
     *
     * @throws IllegalArgumentException when the table is not mapped: the publication brings more than was configured
     */
    public Decoded decode(Change.Inserted row) {
        RowDecoder decoder = rows.get(row.table());
        if (decoder == null) {
            throw new IllegalArgumentException("a row of " + row.table() + " arrived, which is not a configured table");
        }
        return decoder.decode(row);
    }
}
