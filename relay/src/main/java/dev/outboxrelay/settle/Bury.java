package dev.outboxrelay.settle;

import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.RowRef;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** The statement that makes a row of the backlog a dead letter again. */
final class Bury {

    private static final String UPDATE = "UPDATE outbox.dead_letter SET state = 'dead', reason = ?, error = ?,"
            + " attempts = attempts + ?, first_failed_at = coalesce(first_failed_at, pg_catalog.now()),"
            + " dead_at = pg_catalog.now(), resolved_at = NULL, mark_due = ?"
            + " WHERE seq = ? AND state IN ('parked', 'replaying')";

    private Bury() {}

    /**
     * Buries a letter, unless it was decided otherwise meanwhile. Does not commit.
     *
     * @param row the letter's outbox row, if it leads to one
     * @return false when somebody else has locked the letter
     */
    static boolean run(
            Connection connection,
            RowMarks marks,
            long seq,
            Map<Long, RowRef> row,
            Reason reason,
            String error,
            int attempts)
            throws SQLException {
        if (!Letters.lock(connection, List.of(seq))) {
            return false;
        }
        boolean due = !marks.fail(connection, row).isEmpty();
        try (PreparedStatement statement = connection.prepareStatement(UPDATE)) {
            statement.setString(1, reason.code());
            statement.setString(2, ErrorText.of(error));
            statement.setInt(3, attempts);
            statement.setBoolean(4, due);
            statement.setLong(5, seq);
            statement.executeUpdate();
        }
        return true;
    }
}
