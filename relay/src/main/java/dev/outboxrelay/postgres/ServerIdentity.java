package dev.outboxrelay.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * Which history of which database cluster a connection sees.
 *
 * @param systemIdentifier the cluster's own number
 * @param timeline changes at a promotion
 */
public record ServerIdentity(long systemIdentifier, int timeline) {

    private static final String SELECT = "SELECT (pg_catalog.pg_control_system()).system_identifier,"
            + " substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8)";

    /**
     * Reads it.
     *
     * @throws SQLException on a standby too: it has no timeline of its own
     */
    public static ServerIdentity read(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(SELECT);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return new ServerIdentity(row.getLong(1), Integer.parseInt(row.getString(2), 16));
        }
    }
}
