package dev.outboxrelay.dlq;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;

/** Gives letters up. The relay marks the row of one that was parked; the row of a dead one says so already. */
final class DiscardAction implements LetterChange.Action {

    private static final String UPDATE = "UPDATE outbox.dead_letter SET state = 'discarded',"
            + " resolved_at = pg_catalog.now(), mark_due = mark_due OR state = 'parked'"
            + " WHERE seq = ANY (?) AND state IN ('parked', 'dead', 'replaying')";

    @Override
    public List<Refusal> refused(Connection connection, List<Letter> letters) {
        return List.of();
    }

    @Override
    public void change(Connection connection, List<Letter> letters) throws SQLException {
        Array keys = connection.createArrayOf(
                "int8", letters.stream().map(Letter::seq).toArray());
        try (PreparedStatement statement = connection.prepareStatement(UPDATE)) {
            statement.setArray(1, keys);
            statement.executeUpdate();
        } finally {
            keys.free();
        }
    }
}
