package dev.outboxrelay.settle;

import dev.outboxrelay.check.MappingSql;
import dev.outboxrelay.check.SqlText;
import dev.outboxrelay.config.Marking;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.config.TenantSource;
import dev.outboxrelay.decode.PgTime;
import dev.outboxrelay.event.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How the rows of a table that are still to be published are found and read: those that a publication brings, in the
 * order in which they were inserted, as far as the table tells.
 *
 * @param mapping the table
 * @param types the columns that there are, with their types
 * @param filter the publication's row filter, as SQL; null when it has none
 */
record PendingTable(
        TableMapping mapping,
        Map<String, String> types,
        @Nullable String filter) {

    private static final String COLUMNS = "SELECT a.attname, pg_catalog.format_type(a.atttypid, NULL)"
            + " FROM pg_catalog.pg_attribute a WHERE a.attrelid = ?::pg_catalog.regclass AND a.attnum > 0"
            + " AND NOT a.attisdropped ORDER BY a.attnum";

    private static final String FILTER = "SELECT rowfilter FROM pg_catalog.pg_publication_tables"
            + " WHERE pubname = ? AND schemaname = ? AND tablename = ?";

    PendingTable {
        types = Map.copyOf(types);
    }

    /**
     * Looks the table up. Empty where rows do not show whether they were published: nobody can tell which are pending.
     */
    static Optional<PendingTable> look(Connection connection, TableMapping mapping, String publication)
            throws SQLException {
        if (mapping.settle() == SettleMode.KEEP) {
            return Optional.empty();
        }
        Map<String, String> types = new LinkedHashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(COLUMNS)) {
            statement.setString(1, mapping.name().quoted());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    types.put(row.getString(1), row.getString(2));
                }
            }
        }
        return Optional.of(new PendingTable(mapping, types, filter(connection, mapping.name(), publication)));
    }

    private static @Nullable String filter(Connection connection, TableName table, String publication)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(FILTER)) {
            statement.setString(1, publication);
            statement.setString(2, table.schema());
            statement.setString(3, table.table());
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? row.getString(1) : null;
            }
        }
    }

    TableName name() {
        return mapping.name();
    }

    /** Which rows are still to be published. A mode that deletes leaves nothing else in the table. */
    private String pending() {
        Marking marking = mapping.layout().marking();
        return marking != null && types.keySet().containsAll(marking.columns()) ? MarkSql.pending(marking) : "true";
    }

    /** The same, as far as the publication brings them. */
    String where() {
        return pending() + " AND " + MappingSql.isEvent(mapping.layout().filter(), "m.")
                + (filter == null ? "" : " AND (" + filter + ")");
    }

    private String id() {
        return "m." + SqlText.name(mapping.id());
    }

    private String order() {
        String order = mapping.order();
        return order.equals(mapping.id()) || !types.containsKey(order)
                ? id()
                : "m." + SqlText.name(order) + ", " + id();
    }

    private String size() {
        String payload = mapping.layout().payload().column();
        return types.containsKey(payload)
                ? "coalesce(pg_catalog.pg_column_size(m." + SqlText.name(payload) + "), 0)"
                : "0";
    }

    /** Every id with the size of its payload, in order. */
    String keys() {
        return "SELECT " + id() + "::text, " + size() + " FROM " + name().quoted() + " m WHERE " + where()
                + " ORDER BY " + order();
    }

    /** These rows, as far as they are still to be published, in the order of the ids. */
    String rows() {
        String columns = mapping.columns().stream()
                .map(column -> types.containsKey(column) ? value(column) : "NULL::text")
                .collect(Collectors.joining(", "));
        return "SELECT (EXTRACT(EPOCH FROM " + createdAt() + ") * 1000000)::bigint, " + columns
                + " FROM pg_catalog.unnest(?::" + types.get(mapping.id()) + "[]) WITH ORDINALITY AS k (key, n) JOIN "
                + name().quoted() + " m ON " + id() + " = k.key WHERE " + pending() + " ORDER BY k.n";
    }

    /**
     * Counts by tenant what is still to be published and not a letter of a slot; the slot and the table are asked for.
     */
    String counts() {
        String event = name().equals(TableName.OUTBOX_MESSAGE)
                ? id() + "::text"
                : SqlText.text(name() + ":") + " || " + id() + "::text";
        return "SELECT p.tenant, pg_catalog.count(*), pg_catalog.sum(p.bytes)::bigint, pg_catalog.min(p.made) FROM (SELECT "
                + tenant() + " AS tenant, " + size() + " AS bytes, " + createdAt()
                + " AS made, " + event + " AS event FROM " + name().quoted() + " m WHERE " + where()
                + ") p WHERE NOT EXISTS (SELECT FROM outbox.dead_letter d WHERE d.slot = ? AND d.source = ?"
                + " AND d.event_id = p.event AND d.kind = 'event') GROUP BY 1 ORDER BY 2 DESC, 1";
    }

    private String tenant() {
        TenantSource tenant = mapping.layout().tenant();
        return types.keySet().containsAll(tenant.columns()) ? MappingSql.tenant(tenant) + "::text" : "NULL::text";
    }

    /** When the row was made, as far as the table tells: not later than that its event was published. */
    String createdAt() {
        return "timestamp with time zone".equals(types.get("created_at")) ? "m.created_at" : "NULL::timestamptz";
    }

    private String value(String column) {
        String quoted = "m." + SqlText.name(column);
        return isBytes(column) ? quoted : quoted + "::text";
    }

    private boolean isBytes(String column) {
        return "bytea".equals(types.get(column));
    }

    /** A value of {@link #rows()} as the WAL would bring it: times are ISO 8601 texts there. */
    @Nullable
    Object value(String column, ResultSet row, int at) throws SQLException {
        if (isBytes(column)) {
            return row.getBytes(at);
        }
        String text = row.getString(at);
        if (text == null) {
            return null;
        }
        return switch (types.getOrDefault(column, "")) {
            case "timestamp with time zone" -> PgTime.timestampOf(text, true);
            case "timestamp without time zone" -> PgTime.timestampOf(text, false);
            case "date" -> PgTime.dateOf(text);
            default -> text;
        };
    }

    /** The columns that an event is made of, in the order of {@link #rows()}, from the second place on. */
    List<String> columns() {
        return mapping.columns();
    }
}
