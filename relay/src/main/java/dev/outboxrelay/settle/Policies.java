package dev.outboxrelay.settle;

import dev.outboxrelay.config.Poison;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;

/**
 * What the policy {@code hold} keeps back. Read from {@code outbox.tenant} each time, so that an edit counts at once.
 *
 * @param slot whose letters
 * @param fallback the policy of a tenant that has none of its own there
 */
record Policies(String slot, Function<String, Poison> fallback) {

    private static final String HOLDS =
            "coalesce((SELECT t.poison FROM outbox.tenant t WHERE t.tenant_id = %s), %s) = 'hold'";

    /** The order by both columns is what {@link Letters#OF_TENANT} explains. */
    private static final String LOWEST = "(SELECT d.seq FROM outbox.dead_letter d WHERE d.slot = ?"
            + " AND d.tenant_id >= %%1$s AND d.tenant_id <= %%1$s AND pg_catalog.octet_length(d.tenant_id) <= 256"
            + " AND d.kind = 'event' AND %s ORDER BY d.tenant_id, d.seq LIMIT 1)";

    private static final String LOWEST_DEAD = LOWEST.formatted("d.state = 'dead'");
    private static final String LOWEST_WAITING = LOWEST.formatted("d.state IN ('parked', 'replaying')");

    private static final String LIMIT =
            ("SELECT CASE WHEN " + HOLDS + " THEN " + LOWEST_DEAD + " END").formatted("?", "?");

    private static final String LIFTED =
            ("SELECT h.tenant FROM ROWS FROM (pg_catalog.unnest(?::text[]), pg_catalog.unnest(?::text[])) AS h (tenant, fallback),"
                            + " LATERAL (SELECT CASE WHEN " + HOLDS + " THEN " + LOWEST_DEAD + " END AS seq) AS dead"
                            + " WHERE dead.seq IS NULL OR " + LOWEST_WAITING + " < dead.seq")
                    .formatted("h.tenant", "h.fallback");

    /** Where the tenant has to stop: its lowest dead letter, if its policy is to wait for it. */
    OptionalLong limit(Connection connection, String tenant) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(LIMIT)) {
            statement.setString(1, tenant);
            statement.setString(2, code(tenant));
            statement.setString(3, slot);
            statement.setString(4, tenant);
            statement.setString(5, tenant);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                long seq = row.getLong(1);
                return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(seq);
            }
        }
    }

    /** Which of these tenants, that had to wait, may send something now. */
    Set<String> lifted(Connection connection, Set<String> held) throws SQLException {
        if (held.isEmpty()) {
            return Set.of();
        }
        List<String> order = List.copyOf(held);
        Array tenants = connection.createArrayOf("text", order.toArray());
        Array fallbacks =
                connection.createArrayOf("text", order.stream().map(this::code).toArray());
        try (PreparedStatement statement = connection.prepareStatement(LIFTED)) {
            statement.setArray(1, tenants);
            statement.setArray(2, fallbacks);
            statement.setString(3, slot);
            statement.setString(4, slot);
            try (ResultSet rows = statement.executeQuery()) {
                Set<String> lifted = new HashSet<>();
                while (rows.next()) {
                    lifted.add(rows.getString(1));
                }
                return lifted;
            }
        } finally {
            tenants.free();
            fallbacks.free();
        }
    }

    /** The word in the table for what holds without a row there. */
    String code(String tenant) {
        return fallback.apply(tenant).name().toLowerCase(Locale.ROOT);
    }
}
