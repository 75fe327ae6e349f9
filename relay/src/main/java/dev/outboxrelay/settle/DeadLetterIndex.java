package dev.outboxrelay.settle;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.DatabaseException;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tells which events became dead letters, or were parked, before this start. One thread, closing apart; opens its
 * connection at the first question.
 */
public final class DeadLetterIndex implements AutoCloseable {

    /** By the unique key, which starts with the table: with a million parked events nothing else is fast. */
    private static final String SELECT =
            "SELECT d.event_id, d.place FROM ROWS FROM (pg_catalog.unnest(?::text[]), pg_catalog.unnest(?::text[]))"
                    + " AS e (source, event_id), LATERAL (SELECT l.event_id, CASE WHEN l.state IN ('parked', 'sent')"
                    + " AND NOT l.from_table THEN l.seq ELSE 0 END AS place"
                    + " FROM outbox.dead_letter l WHERE l.slot = ?"
                    + " AND l.source = e.source AND l.event_id = e.event_id AND l.kind = 'event' OFFSET 0) d";

    private static final String EXISTS =
            "SELECT EXISTS (SELECT FROM outbox.dead_letter WHERE slot = ? AND kind = 'event')";

    private final Database database;
    private final String slot;
    private volatile @Nullable Connection connection;
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

    /**
     * Those of these event ids that are in the table, in any state, each with its place in the order of arrival if it
     * was parked and not given up, and with 0 otherwise. Also with 0 if it was read from its table: nobody knows what
     * the WAL holds before it.
     */
    public Map<String, Long> known(Collection<String> eventIds) throws DatabaseException {
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

    private Map<String, Long> select(Connection open, Collection<String> eventIds) throws SQLException {
        String[] ids = eventIds.toArray(String[]::new);
        Array sources = open.createArrayOf("text", sources(ids));
        Array events = open.createArrayOf("text", ids);
        try (PreparedStatement statement = open.prepareStatement(SELECT)) {
            statement.setArray(1, sources);
            statement.setArray(2, events);
            statement.setString(3, slot);
            try (ResultSet rows = statement.executeQuery()) {
                Map<String, Long> found = new HashMap<>();
                while (rows.next()) {
                    found.put(rows.getString(1), rows.getLong(2));
                }
                return found;
            }
        } finally {
            sources.free();
            events.free();
        }
    }

    private static String[] sources(String[] ids) {
        return Arrays.stream(ids)
                .map(id -> RowRef.of(new EventId(id)).table().toString())
                .toArray(String[]::new);
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
