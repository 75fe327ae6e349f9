package dev.outboxrelay.settle;

import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.DatabaseException;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tells which events became dead letters before this start. One thread; opens its connection at the first question. */
public final class DeadLetterIndex implements AutoCloseable {

    private static final String SELECT =
            "SELECT event_id FROM outbox.dead_letter WHERE slot = ? AND kind = 'event' AND event_id = ANY (?)";

    private static final String EXISTS =
            "SELECT EXISTS (SELECT FROM outbox.dead_letter WHERE slot = ? AND kind = 'event')";

    private final Database database;
    private final String slot;
    private @Nullable Connection connection;
    private @Nullable Boolean empty;

    public DeadLetterIndex(Database database, String slot) {
        this.database = database;
        this.slot = slot;
    }

    /**
     * Whether this slot had no dead letter when this was asked first; the answer stays. Whoever asks leads: no earlier
     * leader can write one any more, and what becomes one from now on has arrived already and does not come again.
     */
    public boolean isEmpty() throws DatabaseException {
        Boolean known = empty;
        if (known == null) {
            try {
                known = !exists(connection());
                empty = known;
            } catch (SQLException e) {
                throw new DatabaseException("looking up dead letters", e);
            }
        }
        return known;
    }

    /** Those of these event ids that are dead letters of this slot. */
    public Set<String> known(Collection<String> eventIds) throws DatabaseException {
        try {
            return select(connection(), eventIds);
        } catch (SQLException e) {
            throw new DatabaseException("looking up dead letters", e);
        }
    }

    private Connection connection() throws SQLException {
        Connection open = connection;
        if (open == null) {
            open = database.open("dead-letter lookup");
            connection = open;
        }
        return open;
    }

    private boolean exists(Connection open) throws SQLException {
        try (PreparedStatement statement = open.prepareStatement(EXISTS)) {
            statement.setString(1, slot);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }

    private Set<String> select(Connection open, Collection<String> eventIds) throws SQLException {
        Array ids = open.createArrayOf("text", eventIds.toArray());
        try (PreparedStatement statement = open.prepareStatement(SELECT)) {
            statement.setString(1, slot);
            statement.setArray(2, ids);
            try (ResultSet rows = statement.executeQuery()) {
                Set<String> found = new HashSet<>();
                while (rows.next()) {
                    found.add(rows.getString(1));
                }
                return found;
            }
        } finally {
            ids.free();
        }
    }

    @Override
    public void close() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException e) {
                // the server forgets the session by itself
            }
        }
    }
}
