package dev.outboxrelay.dlq;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * A slot at a moment, against a position in the WAL.
 *
 * @param exists whether there is one
 * @param passed whether it has confirmed past the position: everything that could be seen then is settled
 * @param active whether a relay reads it
 * @param lost whether the server has thrown away WAL that it needed
 * @param retainedBytes WAL that it keeps
 */
public record SlotAt(boolean exists, boolean passed, boolean active, boolean lost, long retainedBytes) {

    private static final String SELECT = "SELECT confirmed_flush_lsn >= ?::pg_catalog.pg_lsn, active,"
            + " coalesce(wal_status, '') = 'lost',"
            + " pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn)::bigint"
            + " FROM pg_catalog.pg_replication_slots WHERE slot_name = ?";

    static SlotAt read(Connection connection, String slot, String position) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(SELECT)) {
            statement.setString(1, position);
            statement.setString(2, slot);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? new SlotAt(true, row.getBoolean(1), row.getBoolean(2), row.getBoolean(3), row.getLong(4))
                        : new SlotAt(false, false, false, false, 0);
            }
        }
    }

    /** A position behind everything that can be seen until now, flushed or not. */
    static String position(Connection connection) throws SQLException {
        try (PreparedStatement statement =
                        connection.prepareStatement("SELECT pg_catalog.pg_current_wal_insert_lsn()::text");
                ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getString(1);
        }
    }
}
