package dev.outboxrelay.streams;

import dev.outboxrelay.config.PostgresSettings;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.DatabaseException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** What operators do with a tenant, on one connection under their own role. One thread. */
public final class TenantDesk implements AutoCloseable {

    /** What the table of dead letters holds of a tenant, for one slot. */
    public record Letters(long parked, long dead) {}

    /** How far the relay is with what was asked. */
    public enum Applied {
        /** It has settled everything before, and knows. */
        YES,
        /** It reads the slot and is not there yet. */
        NOT_YET,
        /** Nobody reads the slot. */
        NOBODY
    }

    private final Connection connection;
    private final String slot;

    private TenantDesk(Connection connection, String slot) {
        this.connection = connection;
        this.slot = slot;
    }

    /** Connects. */
    public static TenantDesk open(PostgresSettings settings) throws DatabaseException {
        try {
            return new TenantDesk(new Database(settings).open("tenant"), settings.slot());
        } catch (SQLException e) {
            throw new DatabaseException("connecting to " + settings.shownUrl() + " as " + settings.user(), e);
        }
    }

    /**
     * Says in the tenant's row whether it is paused; the row is made where there is none.
     *
     * @return a position in the WAL behind that
     */
    public String pause(String tenant, boolean paused) throws DatabaseException {
        String set = "INSERT INTO outbox.tenant (tenant_id, paused) VALUES (?, ?)"
                + " ON CONFLICT (tenant_id) DO UPDATE SET paused = excluded.paused";
        try (PreparedStatement statement = connection.prepareStatement(set)) {
            statement.setString(1, tenant);
            statement.setBoolean(2, paused);
            statement.executeUpdate();
        } catch (SQLException e) {
            throw new DatabaseException("changing the tenant's row (it takes the role outbox_operator)", e);
        }
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT pg_catalog.pg_current_wal_lsn()::text")) {
            row.next();
            return row.getString(1);
        } catch (SQLException e) {
            throw new DatabaseException("reading the position of the WAL", e);
        }
    }

    /** Whether the relay has settled everything that was committed before this position. */
    public Applied applied(String lsn) throws DatabaseException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT confirmed_flush_lsn >= ?::pg_catalog.pg_lsn, active FROM pg_catalog.pg_replication_slots"
                        + " WHERE slot_name = ?")) {
            statement.setString(1, lsn);
            statement.setString(2, slot);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next() || !row.getBoolean(2)) {
                    return Applied.NOBODY;
                }
                return row.getBoolean(1) ? Applied.YES : Applied.NOT_YET;
            }
        } catch (SQLException e) {
            throw new DatabaseException("reading slot " + slot, e);
        }
    }

    /** What waits or lies in the table of dead letters. */
    public Letters letters(String tenant) throws DatabaseException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT pg_catalog.count(*) FILTER (WHERE state <> 'dead'), pg_catalog.count(*) FILTER (WHERE state ="
                        + " 'dead') FROM outbox.dead_letter WHERE slot = ? AND tenant_id = ? AND kind = 'event'"
                        + " AND state IN ('parked', 'replaying', 'dead')")) {
            statement.setString(1, slot);
            statement.setString(2, tenant);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return new Letters(row.getLong(1), row.getLong(2));
            }
        } catch (SQLException e) {
            throw new DatabaseException("reading the dead letters", e);
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            // the server forgets the session by itself
        }
    }
}
