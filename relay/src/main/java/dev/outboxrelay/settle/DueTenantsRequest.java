package dev.outboxrelay.settle;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.route.Address;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Looks again and again for tenants of which operators want something, and for those whom a dead letter does not hold
 * back any more. Never ends. What operators want of a tenant that cannot have a stream becomes a dead letter again.
 */
final class DueTenantsRequest implements BacklogRequest {

    private static final int PART = 1_000;

    private static final String REPLAYING =
            " FROM outbox.dead_letter WHERE slot = ? AND kind = 'event'" + " AND state = 'replaying' ";

    private static final String KEY = "pg_catalog.\"left\"(tenant_id, 256)";

    /** From tenant to tenant along the index, however many letters each of them has. */
    private static final String TENANTS = "WITH RECURSIVE t AS ((SELECT tenant_id, " + KEY + " AS key" + REPLAYING
            + "ORDER BY " + KEY + ", seq LIMIT 1) UNION ALL SELECT n.* FROM t, LATERAL (SELECT tenant_id, " + KEY
            + REPLAYING + "AND " + KEY + " > t.key ORDER BY " + KEY + ", seq LIMIT 1) n) SELECT tenant_id FROM t";

    private static final String LOCK_HOMELESS = "SELECT seq" + REPLAYING + "AND " + KEY
            + " = pg_catalog.\"left\"(?, 256)" + " AND tenant_id = ? LIMIT " + PART + " FOR NO KEY UPDATE SKIP LOCKED";

    private static final String BURY = "UPDATE outbox.dead_letter SET state = 'dead', error = ?,"
            + " dead_at = pg_catalog.now() WHERE seq = ANY (?)";

    private static final String HOMELESS = "cannot be sent again: its tenant id has no stream name under outbox.naming:"
            + " %s; insert the event again with a proper tenant id";

    private final Policies policies;
    private final Naming naming;
    private final Set<String> held;
    private final Consumer<Set<String>> due;

    /** @param held the tenants that had to wait at their last fetch, kept up to date by whoever fetches */
    DueTenantsRequest(Policies policies, Naming naming, Set<String> held, Consumer<Set<String>> due) {
        this.policies = policies;
        this.naming = naming;
        this.held = held;
        this.due = due;
    }

    @Override
    public Next run(Connection connection) throws SQLException {
        Set<String> found = new HashSet<>(policies.lifted(connection, held));
        for (String tenant : replaying(connection)) {
            if (Address.of(tenant, naming).isPresent()) {
                found.add(tenant);
            } else {
                bury(connection, tenant);
            }
        }
        connection.commit();
        if (!found.isEmpty()) {
            due.accept(Set.copyOf(found));
        }
        return Next.LATER;
    }

    private List<String> replaying(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(TENANTS)) {
            statement.setString(1, policies.slot());
            statement.setString(2, policies.slot());
            try (ResultSet rows = statement.executeQuery()) {
                List<String> tenants = new ArrayList<>();
                while (rows.next()) {
                    tenants.add(rows.getString(1));
                }
                return tenants;
            }
        }
    }

    private void bury(Connection connection, String tenant) throws SQLException {
        List<Long> seqs = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(LOCK_HOMELESS)) {
            statement.setString(1, policies.slot());
            statement.setString(2, tenant);
            statement.setString(3, tenant);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    seqs.add(rows.getLong(1));
                }
            }
        }
        Array keys = Letters.keys(connection, seqs);
        try (PreparedStatement statement = connection.prepareStatement(BURY)) {
            statement.setString(1, HOMELESS.formatted(naming.name().toLowerCase(java.util.Locale.ROOT)));
            statement.setArray(2, keys);
            statement.executeUpdate();
        } finally {
            keys.free();
        }
    }
}
