package dev.outboxrelay.slot;

import dev.outboxrelay.config.Settings;
import dev.outboxrelay.decode.Change;
import dev.outboxrelay.policy.PolicyRow;
import dev.outboxrelay.postgres.Snapshot;
import dev.outboxrelay.postgres.SqlErrors;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The policy tables at one moment.
 *
 * @param rows all of them
 * @param snapshot which changes they show already; the others are still to come through the WAL
 * @param missing why changes do not come through the WAL, with what mends it; null when they do
 */
public record PolicyLook(
        List<PolicyRow> rows, Snapshot snapshot, @Nullable Finding missing) {

    /** How the problem begins where there are no rows because they cannot be read. */
    static final String UNREADABLE = "the policy tables cannot be read";

    private static final String UNTIL_THEN = " (until then changed policies count from the relay's next start only)";

    /** One statement, so one snapshot for all of it. */
    private static final String SELECT = "SELECT NULL, pg_catalog.pg_current_snapshot()::text, NULL"
            + " UNION ALL SELECT 'tenant', t.tenant_id, pg_catalog.to_jsonb(t)::text FROM outbox.tenant t"
            + " UNION ALL SELECT 'route', r.name, pg_catalog.to_jsonb(r)::text FROM outbox.route r"
            + " UNION ALL SELECT 'consumer', c.tenant_id || '/' || c.name, pg_catalog.to_jsonb(c)::text"
            + " FROM outbox.consumer c";

    private static final Set<String> NOT_INSTALLED = Set.of("42P01", "3F000", "42501");

    /** @param connection in autocommit; its style of intervals is changed */
    static PolicyLook read(Connection connection, Settings settings) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET intervalstyle = 'iso_8601'"); // as the triggers have it
        }
        List<PolicyRow> rows = new ArrayList<>();
        String snapshot = "1:1:";
        try (PreparedStatement statement = connection.prepareStatement(SELECT);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                String object = row.getString(1);
                if (object == null) {
                    snapshot = row.getString(2);
                } else {
                    rows.add(new PolicyRow(object, row.getString(2), row.getString(3)));
                }
            }
        } catch (SQLException e) {
            if (!NOT_INSTALLED.contains(SqlErrors.stateOf(e))) {
                throw e;
            }
            String user = settings.postgres().user();
            return new PolicyLook(
                    List.of(),
                    Snapshot.parse(snapshot),
                    Finding.configuration(
                            UNREADABLE + ": " + e.getMessage(),
                            "run schema/V1__outbox.sql, or GRANT SELECT ON outbox.tenant, outbox.route,"
                                    + " outbox.consumer TO " + user + ";"));
        }
        return new PolicyLook(List.copyOf(rows), Snapshot.parse(snapshot), missing(connection, settings));
    }

    private static @Nullable Finding missing(Connection connection, Settings settings) throws SQLException {
        String publication = settings.postgres().publication();
        try (PreparedStatement statement = connection.prepareStatement("SELECT p.attnames FROM pg_catalog.pg_class c"
                + " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                + " LEFT JOIN pg_catalog.pg_publication_tables p ON p.pubname = ? AND p.schemaname = n.nspname"
                + " AND p.tablename = c.relname WHERE n.nspname = ? AND c.relname = ?")) {
            statement.setString(1, publication);
            statement.setString(2, Change.PolicyChanged.TABLE.schema());
            statement.setString(3, Change.PolicyChanged.TABLE.table());
            try (ResultSet row = statement.executeQuery()) {
                String add = "ALTER PUBLICATION " + publication + " ADD TABLE " + Change.PolicyChanged.TABLE + " ("
                        + String.join(", ", Change.PolicyChanged.COLUMNS) + ");";
                if (!row.next()) {
                    return Finding.configuration(
                            "there is no table " + Change.PolicyChanged.TABLE + " in database "
                                    + connection.getCatalog(),
                            "run schema/V4__policies.sql there" + UNTIL_THEN);
                }
                java.sql.Array columns = row.getArray(1);
                if (columns == null) {
                    return Finding.configuration(
                            "publication " + publication + " does not publish " + Change.PolicyChanged.TABLE,
                            add + UNTIL_THEN);
                }
                if (!Arrays.asList((String[]) columns.getArray()).containsAll(Change.PolicyChanged.COLUMNS)) {
                    return Finding.configuration(
                            "publication " + publication + " does not publish every column of "
                                    + Change.PolicyChanged.TABLE + " that the relay reads",
                            "ALTER PUBLICATION " + publication + " DROP TABLE " + Change.PolicyChanged.TABLE + "; "
                                    + add + UNTIL_THEN);
                }
                return null;
            }
        }
    }
}
