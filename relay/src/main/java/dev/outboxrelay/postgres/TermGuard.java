package dev.outboxrelay.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * Lets a transaction go on only under the leader that it belongs to.
 *
 * <p>The row is locked until the transaction ends, so a new leader, which raises the term first, waits for those that
 * were let through and stops all others.
 *
 * @param slot whose leader
 * @param term of which term
 * @param identity the server that the leader was elected on
 */
public record TermGuard(String slot, long term, ServerIdentity identity) {

    private static final String SELECT = "SELECT term FROM outbox.leader WHERE slot = ? FOR SHARE";

    /** At the beginning of a transaction; false when another leader has taken over. */
    public boolean admits(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(SELECT)) {
            statement.setString(1, slot);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getLong(1) == term;
            }
        }
    }
}
