package dev.outboxrelay.config;

import dev.outboxrelay.event.TableName;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * One tailed table: its layout and what becomes of a row once it is published.
 *
 * @param name the table
 * @param preset which columns it has
 * @param tenantColumn the column that holds the tenant id
 * @param subject makes the relative subject from the row's columns
 * @param settle what happens to a published row; never {@link SettleMode#MARK} where the layout has no status column
 */
public record TableMapping(
        TableName name, Preset preset, String tenantColumn, SubjectTemplate subject, SettleMode settle) {

    public TableMapping {
        if (settle == SettleMode.MARK && !preset.hasStatus()) {
            throw new IllegalArgumentException("table " + name + ": a " + preset + " table has no status to mark");
        }
    }

    /** The columns that an event is made of, each once; what the reader does not find among them is null. */
    public List<String> columns() {
        Set<String> columns = new LinkedHashSet<>();
        columns.add("id");
        columns.add(tenantColumn);
        columns.addAll(subject.columns());
        columns.add("payload");
        if (preset == Preset.NATIVE) {
            columns.add("headers");
        }
        return List.copyOf(columns);
    }

    /** A table in the native layout with its usual columns. */
    public static TableMapping nativeLayout(TableName name, SettleMode settle) {
        return new TableMapping(name, Preset.NATIVE, Preset.NATIVE.tenantColumn(), Preset.NATIVE.subject(), settle);
    }
}
