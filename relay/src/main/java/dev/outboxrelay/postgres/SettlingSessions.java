package dev.outboxrelay.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * The sessions in which the leader of a slot settles, known to the next leader by a shared advisory lock.
 *
 * <p>A leader that freezes in the middle of a settling transaction keeps its lock on the term, and no timeout of the
 * server's ends that for certain: a transaction that waits for somebody else's lock, or for the rest of a statement
 * that the frozen process has not sent, counts as active. So the next leader ends these sessions before it raises the
 * term.
 */
public final class SettlingSessions {

    private static final String KEY =
            "('x' || substr(pg_catalog.md5('outbox-relay settling of ' || ?), 1, 16))::pg_catalog.bit(64)::pg_catalog.int8";

    private static final String ENTER = "SELECT pg_catalog.pg_advisory_lock_shared(" + KEY + ")";

    /** Only those that this role may end: a foreign holder of the lock would otherwise be an error. */
    private static final String END = "WITH wanted AS (SELECT " + KEY + " AS key)"
            + " SELECT count(pg_catalog.pg_terminate_backend(l.pid)) FROM pg_catalog.pg_locks l"
            + " JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
            + " CROSS JOIN wanted WHERE l.locktype = 'advisory' AND l.mode = 'ShareLock' AND l.objsubid = 1"
            + " AND (l.classid::pg_catalog.int8 << 32 | l.objid::pg_catalog.int8) = wanted.key"
            + " AND l.database = a.datid AND a.datname = pg_catalog.current_database()"
            + " AND l.pid <> pg_catalog.pg_backend_pid() AND pg_catalog.pg_has_role(a.usesysid, 'USAGE')";

    private SettlingSessions() {}

    /** Makes this session known as one that settles for the slot, until it ends. */
    public static void enter(Connection connection, String slot) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(ENTER)) {
            statement.setString(1, slot);
            statement.execute();
        }
    }

    /**
     * Ends every other session that settles for the slot: what it has not committed rolls back.
     *
     * @return how many there were
     */
    public static long endAll(Connection connection, String slot) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(END)) {
            statement.setString(1, slot);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }
}
