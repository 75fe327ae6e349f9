package dev.outboxrelay.settle;

import dev.outboxrelay.event.RowRef;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Goes on marking outbox rows that were locked when their letters were decided, and those of letters that operators
 * discarded. Never ends; a part of the rows each time, so that those which stay locked stand in nobody's way.
 */
final class MarkDueRequest implements BacklogRequest {

    private static final int PART = 500;

    private static final String SELECT = "SELECT seq, source, event_id, state,"
            + " coalesce(resolved_at, dead_at, '-infinity') < pg_catalog.now() - interval '"
            + RowSettler.INVISIBLE_SECONDS + " s' FROM outbox.dead_letter WHERE slot = ? AND mark_due AND seq > ?"
            + " AND state IN ('sent', 'replayed', 'dead', 'discarded') ORDER BY seq LIMIT " + PART
            + " FOR NO KEY UPDATE SKIP LOCKED";

    private static final String CLEAR = "UPDATE outbox.dead_letter SET mark_due = false WHERE seq = ANY (?)";

    private final String slot;
    private final RowMarks marks;
    private long last;

    MarkDueRequest(String slot, RowMarks marks) {
        this.slot = slot;
        this.marks = marks;
    }

    @Override
    public Next run(Connection connection) throws SQLException {
        Map<Long, RowRef> published = new HashMap<>();
        Map<Long, RowRef> failed = new HashMap<>();
        Set<Long> all = new HashSet<>();
        Set<Long> old = new HashSet<>();
        try (PreparedStatement statement = connection.prepareStatement(SELECT)) {
            statement.setString(1, slot);
            statement.setLong(2, last);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    long seq = rows.getLong(1);
                    last = seq;
                    all.add(seq);
                    if (rows.getBoolean(5)) {
                        old.add(seq);
                    }
                    boolean stored = Set.of("sent", "replayed").contains(rows.getString(4));
                    RowRef.find(rows.getString(2), rows.getString(3))
                            .ifPresent(row -> (stored ? published : failed).put(seq, row));
                }
            }
        }
        if (all.size() < PART) {
            last = 0;
        }
        if (!all.isEmpty()) {
            Map<Long, RowRef> open = new HashMap<>(published);
            open.putAll(failed);
            Set<Long> unreached = marks.publish(connection, published);
            unreached.addAll(marks.fail(connection, failed));
            open.keySet().retainAll(unreached);
            all.removeAll(open.keySet());
            // what cannot be seen for so long was deleted by its application
            open.keySet().retainAll(old);
            all.addAll(marks.invisible(connection, open));
            clear(connection, all);
        }
        connection.commit();
        return Next.LATER;
    }

    private static void clear(Connection connection, Set<Long> seqs) throws SQLException {
        Array keys = Letters.keys(connection, seqs);
        try (PreparedStatement statement = connection.prepareStatement(CLEAR)) {
            statement.setArray(1, keys);
            statement.executeUpdate();
        } finally {
            keys.free();
        }
    }
}
