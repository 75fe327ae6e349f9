package dev.outboxrelay.slot;

import dev.outboxrelay.event.Lsn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * The slot as the server has it at this moment.
 *
 * @param confirmed up to where the relay has confirmed
 * @param current the end of the WAL
 * @param retainedBytes WAL that the slot keeps from being recycled
 * @param active whether somebody streams from it
 * @param walStatus {@code reserved}, {@code extended}, {@code unreserved} or {@code lost}
 */
public record SlotState(Lsn confirmed, Lsn current, long retainedBytes, boolean active, String walStatus) {

    /**
     * Reads it.
     *
     * @throws SQLException when the slot does not exist, among other causes
     */
    public static SlotState read(Connection connection, String slot) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT confirmed_flush_lsn::text, pg_catalog.pg_current_wal_lsn()::text,"
                        + " coalesce(pg_catalog.pg_current_wal_lsn() - restart_lsn, 0)::bigint, active,"
                        + " coalesce(wal_status, 'unknown')"
                        + " FROM pg_catalog.pg_replication_slots WHERE slot_name = ?")) {
            statement.setString(1, slot);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw new SQLException("replication slot " + slot + " does not exist", "42704");
                }
                String confirmed = row.getString(1);
                return new SlotState(
                        confirmed == null ? Lsn.NONE : Lsn.parse(confirmed),
                        Lsn.parse(row.getString(2)),
                        row.getLong(3),
                        row.getBoolean(4),
                        row.getString(5));
            }
        }
    }

    /** WAL between what is confirmed and the end, in bytes. */
    public long confirmedLagBytes() {
        return Math.max(0, current.bytesSince(confirmed));
    }
}
