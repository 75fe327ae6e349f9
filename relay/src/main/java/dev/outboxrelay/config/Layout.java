package dev.outboxrelay.config;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which columns of a table an event is made of, and how.
 *
 * @param id the column that tells rows apart: a number, a uuid or a text
 * @param order the column in which rows follow each other, as far as the table tells; rows with the same value follow
 *     each other by {@code id}
 * @param tenant whose event it is
 * @param subject makes the relative subject
 * @param rewrite what changes it afterwards; null for nothing
 * @param payload the bytes of the message
 * @param nullPayload what a row without them is
 * @param headers a JSON object of headers; null for none
 * @param headerColumns columns that become headers
 * @param filter which rows are events
 * @param marking how a row shows what became of its event; null where it cannot
 */
public record Layout(
        String id,
        String order,
        TenantSource tenant,
        SubjectTemplate subject,
        @Nullable SubjectRewrite rewrite,
        ColumnPath payload,
        NullPayload nullPayload,
        @Nullable ColumnPath headers,
        List<HeaderColumn> headerColumns,
        RowFilter filter,
        @Nullable Marking marking) {

    /**
     * A column that becomes a header.
     *
     * @param header the header's name
     * @param column a row in which it is null has no such header
     */
    public record HeaderColumn(String header, String column) {}

    public Layout {
        headerColumns = List.copyOf(headerColumns);
    }

    /** The columns that an event is made of, each once; what the reader does not find among them is null. */
    public List<String> columns() {
        Set<String> columns = new LinkedHashSet<>();
        columns.add(id);
        columns.addAll(tenant.columns());
        columns.addAll(subject.columns());
        columns.add(payload.column());
        if (headers != null) {
            columns.add(headers.column());
        }
        headerColumns.forEach(header -> columns.add(header.column()));
        columns.addAll(filter.columns());
        return List.copyOf(columns);
    }

    /** Whether an event is nothing but values of columns: then a row takes no further look. */
    public boolean isPlain() {
        return tenant instanceof TenantSource.Column
                && rewrite == null
                && payload.path().isEmpty()
                && nullPayload == NullPayload.EMPTY
                && (headers == null || headers.path().isEmpty())
                && headerColumns.isEmpty()
                && filter.values().isEmpty();
    }
}
