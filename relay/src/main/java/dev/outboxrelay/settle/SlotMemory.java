package dev.outboxrelay.settle;

import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.postgres.ServerIdentity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Knows a slot again: whether it is the one that the relay had, where it left it ({@link Remembered}). PostgreSQL does
 * not tell when a slot was made, and a slot that is made anew lacks what was committed before.
 *
 * <p>While a session has the slot, {@link #held()} bounds what may be confirmed, and {@link #look} moves the bound on.
 * Thread-safe; one connection, one statement at a time.
 */
public final class SlotMemory implements AutoCloseable {

    private static final String SELECT =
            "SELECT state, reason, system_identifier, held::text FROM outbox.backlog WHERE slot = ?";

    private static final String SLOT = "SELECT s.confirmed_flush_lsn::text, s.active_pid"
            + " FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = ?";

    private static final String END = "SELECT pg_catalog.pg_current_wal_lsn()::text";

    /** Never waits for somebody who is just editing the row. */
    private static final String HOLD = "UPDATE outbox.backlog SET held = ?::pg_catalog.pg_lsn, system_identifier = ?"
            + " WHERE slot = (SELECT b.slot FROM outbox.backlog b WHERE b.slot = ? AND b.state = 'done'"
            + " FOR NO KEY UPDATE SKIP LOCKED)";

    private static final String DEMAND = "UPDATE outbox.backlog SET state = 'due', reason = ?,"
            + " since = pg_catalog.now(), finished_at = NULL WHERE slot = ?";

    /** What there is to know about the slot while a session has it. */
    public enum Answer {
        /** It is still the same. */
        SAME,
        /** Somebody else has it now: there may be another slot of this name. */
        GONE,
        /** Pending rows are to be taken from their tables: somebody asked for it. */
        DUE
    }

    private final Connection connection;
    private final String slot;
    private final long system;
    private @Nullable Integer reader;
    private volatile Lsn held = Lsn.NONE;

    private SlotMemory(Connection connection, String slot, long system) {
        this.connection = connection;
        this.slot = slot;
        this.system = system;
    }

    /** Opens a connection, which must lead to this server. */
    public static SlotMemory open(Database database, String slot, ServerIdentity server) throws DatabaseException {
        try {
            Connection connection = database.open("slot memory");
            if (!ServerIdentity.read(connection).equals(server)) {
                connection.close();
                throw new SQLException("this is another server than the one that the leader was elected on");
            }
            return new SlotMemory(connection, slot, server.systemIdentifier());
        } catch (SQLException e) {
            throw new DatabaseException("reading what is known of slot " + slot, e);
        }
    }

    /**
     * Why pending rows have to be taken from their tables before the slot is read; empty when it is the one that the
     * relay had. Nobody reads the slot meanwhile.
     */
    public synchronized Optional<String> due() throws DatabaseException {
        try {
            Lsn end = end();
            Lsn confirmed = confirmed();
            Remembered known = known();
            Optional<String> due = Remembered.due(known, system, confirmed);
            if (due.isEmpty() && known != null) {
                if (known.held() == null) {
                    // in use before this was written down, and believed
                    hold(end);
                } else {
                    held = known.held();
                }
            }
            return due;
        } catch (SQLException e) {
            throw new DatabaseException("reading what is known of slot " + slot, e);
        }
    }

    /**
     * The session's engine reads the slot, which cannot be made anew from now on. False when it was meanwhile, or is
     * not known.
     */
    public synchronized boolean claim() throws DatabaseException {
        try (PreparedStatement statement = connection.prepareStatement(SLOT)) {
            statement.setString(1, slot);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next() || row.getString(1) == null) {
                    return false;
                }
                int pid = row.getInt(2);
                reader = row.wasNull() ? null : pid;
                Remembered known = known();
                if (known == null || known.held() == null) {
                    return false;
                }
                held = known.held();
                return reader != null
                        && Remembered.due(known, system, Lsn.parse(row.getString(1)))
                                .isEmpty();
            }
        } catch (SQLException e) {
            throw new DatabaseException("reading what is known of slot " + slot, e);
        }
    }

    /** Up to where the slot may be confirmed. Any thread. */
    public Lsn held() {
        return held;
    }

    /**
     * Looks whether the slot is still the session's, and moves the bound on if something beyond it is to be confirmed.
     *
     * @param wanted up to where everything is settled
     */
    public synchronized Answer look(Lsn wanted) throws DatabaseException {
        try {
            Remembered known = known();
            if (known == null || !known.state().equals(Remembered.DONE)) {
                return Answer.DUE;
            }
            if (wanted.isAtOrBefore(held)) {
                return Answer.SAME;
            }
            // the end first: whoever has the slot after that had it at that moment
            Lsn end = end();
            if (!isReaderTheSame()) {
                return Answer.GONE;
            }
            hold(end);
            return Answer.SAME;
        } catch (SQLException e) {
            throw new DatabaseException("writing down where slot " + slot + " is", e);
        }
    }

    /**
     * Rows may have passed that nobody read: pending ones are to be taken from their tables before the slot is read on.
     */
    public synchronized void demand(String reason) throws DatabaseException {
        try (PreparedStatement statement = connection.prepareStatement(DEMAND)) {
            statement.setString(1, reason);
            statement.setString(2, slot);
            statement.executeUpdate();
        } catch (SQLException e) {
            throw new DatabaseException("writing down that rows were missed", e);
        }
    }

    private boolean isReaderTheSame() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(SLOT)) {
            statement.setString(1, slot);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && reader != null && row.getInt(2) == reader;
            }
        }
    }

    private void hold(Lsn end) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(HOLD)) {
            statement.setString(1, end.toString());
            statement.setLong(2, system);
            statement.setString(3, slot);
            if (statement.executeUpdate() == 1) {
                held = end; // after the commit
            }
        }
    }

    private Lsn end() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(END);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return Lsn.parse(row.getString(1));
        }
    }

    private Lsn confirmed() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(SLOT)) {
            statement.setString(1, slot);
            try (ResultSet row = statement.executeQuery()) {
                String confirmed = row.next() ? row.getString(1) : null;
                if (confirmed == null) {
                    throw new SQLException("replication slot " + slot + " does not exist", "42704");
                }
                return Lsn.parse(confirmed);
            }
        }
    }

    private @Nullable Remembered known() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(SELECT)) {
            statement.setString(1, slot);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return null;
                }
                long cluster = row.getLong(3);
                Long known = row.wasNull() ? null : (Long) cluster;
                String end = row.getString(4);
                return new Remembered(row.getString(1), row.getString(2), known, end == null ? null : Lsn.parse(end));
            }
        }
    }

    @Override
    public void close() {
        Database.discard(connection);
    }
}
