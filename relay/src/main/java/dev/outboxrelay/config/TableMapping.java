package dev.outboxrelay.config;

import dev.outboxrelay.event.TableName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One tailed table: its layout and what becomes of a row once it is published.
 *
 * @param name the table
 * @param preset whose layout it started from
 * @param layout which columns it has
 * @param settle what happens to a published row; never {@link SettleMode#MARK} where the layout has no marking
 * @param publicationFilter the row filter that the publication is meant to have for it, in SQL; null for none
 */
public record TableMapping(
        TableName name,
        Preset preset,
        Layout layout,
        SettleMode settle,
        @Nullable String publicationFilter) {

    public TableMapping {
        if (settle == SettleMode.MARK && layout.marking() == null) {
            throw new IllegalArgumentException("table " + name + ": nothing in its layout can be marked");
        }
    }

    /** A preset's layout with a tenant column and a subject of its own. */
    public TableMapping(
            TableName name, Preset preset, String tenantColumn, SubjectTemplate subject, SettleMode settle) {
        this(name, preset, preset.layout(new TenantSource.Column(tenantColumn), subject), settle, null);
    }

    /** A table in the native layout with its usual columns. */
    public static TableMapping nativeLayout(TableName name, SettleMode settle) {
        return new TableMapping(
                name, Preset.NATIVE, Preset.NATIVE.layout(new TenantSource.Column("tenant_id"), null), settle, null);
    }

    /** The columns that an event is made of, each once. */
    public List<String> columns() {
        return layout.columns();
    }

    /** Whether an event is nothing but values of columns, its headers already as the rule for them wants them. */
    public boolean isPlain() {
        return layout.isPlain() && (layout.headers() == null || preset == Preset.NATIVE);
    }

    /** The column that tells rows apart. */
    public String id() {
        return layout.id();
    }

    /** The column in which rows follow each other; may be {@link #id()}. */
    public String order() {
        return layout.order();
    }

    /** Whether the order of rows is not what the preset takes for granted. */
    public boolean isOrderGiven() {
        return !layout.order().equals(preset.orderColumn(layout.id()));
    }

    /** How rows are marked; null where they are not. */
    public @Nullable Marking marks() {
        return settle == SettleMode.MARK ? layout.marking() : null;
    }
}
