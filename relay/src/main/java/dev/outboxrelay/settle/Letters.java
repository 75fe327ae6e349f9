package dev.outboxrelay.settle;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Set;

/** Statements on rows of {@code outbox.dead_letter} by their key. */
final class Letters {

    /**
     * The rows of one tenant, for use with an index that has {@code tenant_id} before {@code seq}. A range of one value
     * instead of an equation, with the order by both: so no plan can take the primary key's order instead, and walk
     * through a million rows that were sent long ago because the statistics say that they are still parked.
     */
    static final String OF_TENANT = " slot = ? AND tenant_id >= ? AND tenant_id <= ?"
            + " AND pg_catalog.octet_length(tenant_id) <= 256 AND kind = 'event' ";

    /** What waits to be sent, as the partial index says it. */
    static final String WAITING = " state IN ('parked', 'replaying') ";

    private static final String LOCK = "SELECT (SELECT pg_catalog.count(*) FROM outbox.dead_letter WHERE seq = ANY (?))"
            + " = (SELECT pg_catalog.count(*) FROM (SELECT 1 FROM outbox.dead_letter WHERE seq = ANY (?)"
            + " FOR NO KEY UPDATE SKIP LOCKED) l)";

    private static final String RESOLVE = "UPDATE outbox.dead_letter SET state = CASE WHEN dead_at IS NULL THEN 'sent'"
            + " ELSE 'replayed' END, resolved_at = pg_catalog.now(), mark_due = seq = ANY (?)"
            + " WHERE seq = ANY (?) AND state NOT IN ('sent', 'replayed')";

    private static final String DISCARD = "UPDATE outbox.dead_letter SET state = 'discarded', error = ?,"
            + " resolved_at = pg_catalog.now(), mark_due = ? WHERE seq = ? AND state IN ('parked', 'replaying')";

    private Letters() {}

    /** Locks rows until the end of the transaction; false when somebody else has locked one of them. */
    static boolean lock(Connection connection, Collection<Long> seqs) throws SQLException {
        Array keys = keys(connection, seqs);
        try (PreparedStatement statement = connection.prepareStatement(LOCK)) {
            statement.setArray(1, keys);
            statement.setArray(2, keys);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        } finally {
            keys.free();
        }
    }

    /**
     * Says that rows are in the stream, whatever state they have.
     *
     * @param due those whose outbox row has still to be marked
     * @return how many did not say so before
     */
    static int resolve(Connection connection, Collection<Long> seqs, Set<Long> due) throws SQLException {
        Array keys = keys(connection, seqs);
        Array dueKeys = keys(connection, due);
        try (PreparedStatement statement = connection.prepareStatement(RESOLVE)) {
            statement.setArray(1, dueKeys);
            statement.setArray(2, keys);
            return statement.executeUpdate();
        } finally {
            keys.free();
            dueKeys.free();
        }
    }

    /**
     * Gives up what a routing rule drops, unless it was decided otherwise meanwhile.
     *
     * @param due those whose outbox row has still to be marked
     */
    static void discard(Connection connection, long seq, String error, Set<Long> due) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(DISCARD)) {
            statement.setString(1, ErrorText.of(error));
            statement.setBoolean(2, due.contains(seq));
            statement.setLong(3, seq);
            statement.executeUpdate();
        }
    }

    static Array keys(Connection connection, Collection<Long> seqs) throws SQLException {
        return connection.createArrayOf("int8", seqs.toArray(Long[]::new));
    }
}
