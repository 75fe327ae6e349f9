package dev.outboxrelay.dlq;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** A condition that grows, with the values of its question marks. */
final class Where {

    private final List<String> conditions = new ArrayList<>();
    private final List<Object> values = new ArrayList<>();

    /** @param more texts, numbers, or arrays of either, one for each question mark */
    Where and(String condition, Object... more) {
        conditions.add(condition);
        values.addAll(List.of(more));
        return this;
    }

    String sql() {
        return String.join(" AND ", conditions);
    }

    /** Sets the values from this parameter on; returns the number of the next one. */
    int bind(Connection connection, PreparedStatement statement, int first) throws SQLException {
        int next = first;
        for (Object value : values) {
            if (value instanceof Long[] numbers) {
                statement.setArray(next, connection.createArrayOf("int8", numbers));
            } else if (value instanceof String[] texts) {
                statement.setArray(next, connection.createArrayOf("text", texts));
            } else if (value instanceof Long number) {
                statement.setLong(next, number);
            } else {
                statement.setString(next, (String) value);
            }
            next++;
        }
        return next;
    }
}
