package dev.outboxrelay.postgres;

import dev.outboxrelay.event.Lsn;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;

/**
 * From where on each earlier timeline was left: what was written on it before that point is part of the present history
 * (PostgreSQL documentation, "Streaming Replication Protocol", {@code TIMELINE_HISTORY}).
 */
public final class TimelineHistory {

    private TimelineHistory() {}

    /** The ancestors of a timeline with the position at which each was left; empty for the first timeline. */
    public static Map<Integer, Lsn> read(Database database, int timeline) throws DatabaseException {
        if (timeline <= 1) {
            return Map.of();
        }
        try (Connection connection = database.openReplication("timeline");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("TIMELINE_HISTORY " + timeline)) {
            row.next();
            return parse(new String(row.getBytes("content"), StandardCharsets.UTF_8));
        } catch (SQLException e) {
            throw new DatabaseException("reading the history of timeline " + timeline, e);
        }
    }

    /** Lines of timeline, switch point and reason; blank lines and comments are skipped. */
    static Map<Integer, Lsn> parse(String text) {
        Map<Integer, Lsn> ancestors = new HashMap<>();
        for (String line : text.split("\\R", -1)) {
            String[] field = line.strip().split("\\s+", 3);
            if (field.length >= 2 && !field[0].startsWith("#")) {
                ancestors.put(Integer.parseInt(field[0]), Lsn.parse(field[1]));
            }
        }
        return Map.copyOf(ancestors);
    }
}
