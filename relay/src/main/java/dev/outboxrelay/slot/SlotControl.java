package dev.outboxrelay.slot;

import dev.outboxrelay.config.Settings;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.postgres.Endpoint;
import dev.outboxrelay.postgres.ServerIdentity;
import dev.outboxrelay.postgres.SqlErrors;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/** A connection on which one run of the source looks at its slot. Thread-safe: one statement at a time. */
public final class SlotControl implements AutoCloseable {

    private final Connection connection;
    private final String slot;
    private final Endpoint endpoint;

    private SlotControl(Connection connection, String slot, Endpoint endpoint) {
        this.connection = connection;
        this.slot = slot;
        this.endpoint = endpoint;
    }

    /** Opens the connection. */
    public static SlotControl open(Database database) throws DatabaseException {
        try {
            Endpoint primary = database.primary();
            // the same server as the engine's: F is read here, and must be that of the slot which the engine reads
            return new SlotControl(
                    database.openAt(primary, "control"), database.settings().slot(), primary);
        } catch (SQLException e) {
            throw new DatabaseException("connecting", e);
        }
    }

    /** The server to stream from. */
    public Endpoint endpoint() {
        return endpoint;
    }

    /** Everything that keeps the engine from starting; see {@link StartChecks}. */
    public synchronized List<Finding> check(Settings settings) throws DatabaseException {
        try {
            return StartChecks.run(connection, settings);
        } catch (SQLException e) {
            throw new DatabaseException("checking the slot and the publication", e);
        }
    }

    /** Which server and history this connection sees. */
    public synchronized ServerIdentity identity() throws DatabaseException {
        try {
            return ServerIdentity.read(connection);
        } catch (SQLException e) {
            throw new DatabaseException("identifying the server", e);
        }
    }

    /** The slot at this moment. */
    public synchronized SlotState state() throws DatabaseException {
        try {
            return SlotState.read(connection, slot);
        } catch (SQLException e) {
            throw new DatabaseException("reading slot " + slot, e);
        }
    }

    /** Writes a message into the WAL that makes the engine read past this moment. */
    public synchronized void nudge() throws DatabaseException {
        try {
            SlotMonitor.emit(connection);
        } catch (SQLException e) {
            throw new DatabaseException("writing a logical message", e);
        }
    }

    /** Reads the policy tables. */
    public synchronized PolicyLook policies(Settings settings) throws DatabaseException {
        try {
            return PolicyLook.read(connection, settings);
        } catch (SQLException e) {
            throw new DatabaseException("reading the policies", e);
        }
    }

    /** Reads the keys with which emitted events are sealed. */
    public synchronized EmitKeys emitKeys() throws DatabaseException {
        try {
            return EmitKeys.read(connection);
        } catch (SQLException e) {
            throw new DatabaseException("reading outbox.emit_key", e);
        }
    }

    /**
     * Ends whoever streams from the slot; the caller leads, so it is an earlier leader's connection.
     *
     * @return whether there was one and this role may end it
     */
    public synchronized boolean endReader() throws DatabaseException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT pg_catalog.pg_terminate_backend(active_pid)"
                        + " FROM pg_catalog.pg_replication_slots WHERE slot_name = ? AND active_pid IS NOT NULL")) {
            statement.setString(1, slot);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        } catch (SQLException e) {
            if (SqlErrors.stateOf(e).equals("42501")) {
                return false; // somebody else's: not ours to end
            }
            throw new DatabaseException("ending the reader of slot " + slot, e);
        }
    }

    /** Closes the connection; who waits for an answer on it is told that there will be none. Any thread. */
    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            // the server forgets the session by itself
        }
    }
}
