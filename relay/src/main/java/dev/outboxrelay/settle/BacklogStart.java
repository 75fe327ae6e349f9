package dev.outboxrelay.settle;

import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.postgres.ServerIdentity;
import dev.outboxrelay.postgres.TermGuard;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/**
 * The table as a session finds it.
 *
 * @param highestSeq the highest {@code seq} at that moment; 0 when the table is empty
 * @param tenants see {@link Backlog#tenants()}
 */
record BacklogStart(long highestSeq, Map<String, Long> tenants) {

    /** Waits for those that settle under this term at this moment: an earlier session of this instance. */
    private static final String LOCK_TERM = "SELECT term FROM outbox.leader WHERE slot = ? FOR UPDATE";

    private static final String HIGHEST = "SELECT coalesce(pg_catalog.max(seq), 0) FROM outbox.dead_letter";

    private static final String WAITING = "SELECT tenant_id, pg_catalog.count(*) FROM outbox.dead_letter WHERE slot = ?"
            + " AND pg_catalog.octet_length(tenant_id) <= 256 AND kind = 'event' AND" + Letters.WAITING
            + "GROUP BY tenant_id";

    private static final String DEAD = " FROM outbox.dead_letter WHERE slot = ? AND kind = 'event' AND state = 'dead'"
            + " AND pg_catalog.octet_length(tenant_id) <= 256 ";

    /** From tenant to tenant along the index, however many letters each of them has. */
    private static final String HOLDING = "WITH RECURSIVE d AS ((SELECT tenant_id" + DEAD
            + "ORDER BY tenant_id, seq LIMIT 1) UNION ALL SELECT n.tenant_id FROM d, LATERAL (SELECT tenant_id" + DEAD
            + "AND tenant_id > d.tenant_id ORDER BY tenant_id, seq LIMIT 1) n) SELECT d.tenant_id, t.poison FROM d"
            + " LEFT JOIN outbox.tenant t USING (tenant_id)";

    static BacklogStart read(Database database, TermGuard guard, Policies policies) throws DatabaseException {
        try (Connection connection = database.open("backlog start")) {
            connection.setAutoCommit(false);
            if (!ServerIdentity.read(connection).equals(guard.identity())) {
                throw new SQLException("this is another server than the one that the leader was elected on");
            }
            lockTerm(connection, guard);
            BacklogStart start = new BacklogStart(highest(connection), tenants(connection, policies));
            connection.rollback();
            return start;
        } catch (SQLException e) {
            throw new DatabaseException("reading the table of dead letters", e);
        }
    }

    private static void lockTerm(Connection connection, TermGuard guard) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(LOCK_TERM)) {
            statement.setString(1, guard.slot());
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next() || row.getLong(1) != guard.term()) {
                    throw new SQLException("another leader has taken over slot " + guard.slot());
                }
            }
        }
    }

    private static long highest(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(HIGHEST);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    private static Map<String, Long> tenants(Connection connection, Policies policies) throws SQLException {
        Map<String, Long> tenants = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(HOLDING)) {
            statement.setString(1, policies.slot());
            statement.setString(2, policies.slot());
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    String tenant = rows.getString(1);
                    String own = rows.getString(2);
                    if ("hold".equals(own == null ? policies.code(tenant) : own)) {
                        tenants.put(tenant, 0L);
                    }
                }
            }
        }
        try (PreparedStatement statement = connection.prepareStatement(WAITING)) {
            statement.setString(1, policies.slot());
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    tenants.put(rows.getString(1), rows.getLong(2));
                }
            }
        }
        return Map.copyOf(tenants);
    }
}
