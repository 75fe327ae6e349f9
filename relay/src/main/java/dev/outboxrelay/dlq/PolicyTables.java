package dev.outboxrelay.dlq;

import dev.outboxrelay.policy.PolicyRow;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** What the tables of policies say about one tenant. */
final class PolicyTables {

    private static final String SELECT = "SELECT 'tenant', t.tenant_id, pg_catalog.to_jsonb(t)::text"
            + " FROM outbox.tenant t WHERE t.tenant_id = ?"
            + " UNION ALL SELECT 'route', r.name, pg_catalog.to_jsonb(r)::text FROM outbox.route r";

    private PolicyTables() {}

    /** Its own row, and every routing rule. The session's style of intervals is changed. */
    static List<PolicyRow> read(Connection connection, String tenant) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET intervalstyle = 'iso_8601'"); // as the relay reads them
        }
        try (PreparedStatement statement = connection.prepareStatement(SELECT)) {
            statement.setString(1, tenant);
            try (ResultSet row = statement.executeQuery()) {
                List<PolicyRow> rows = new ArrayList<>();
                while (row.next()) {
                    rows.add(new PolicyRow(row.getString(1), row.getString(2), row.getString(3)));
                }
                return rows;
            }
        }
    }
}
