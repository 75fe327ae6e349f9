package dev.outboxrelay.schema;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** SQL in the words of these tests. */
final class Sql {
    /** SQLSTATE insufficient_privilege. */
    static final String REFUSED = "42501";

    private Sql() {}

    /** Executes one or more statements and returns the notices and warnings that the server sent. */
    static List<String> execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(sql);
            List<String> notices = new ArrayList<>();
            for (SQLWarning warning = statement.getWarnings(); warning != null; warning = warning.getNextWarning()) {
                notices.add(String.valueOf(warning.getMessage()));
            }
            return notices;
        }
    }

    /** Returns the rows of a query, their columns joined by a blank; null shows as {@code null}. */
    static List<String> rows(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            try (ResultSet result = statement.executeQuery(sql)) {
                List<String> rows = new ArrayList<>();
                while (result.next()) {
                    List<String> row = new ArrayList<>();
                    for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                        row.add(String.valueOf(result.getString(i)));
                    }
                    rows.add(String.join(" ", row));
                }
                return rows;
            }
        }
    }

    static String value(Connection connection, String sql) throws SQLException {
        return rows(connection, sql).get(0);
    }

    /** Executes SQL that must fail with the SQLSTATE, and returns the error's text. */
    static String failing(Connection connection, String state, String sql) {
        try {
            execute(connection, sql);
        } catch (SQLException e) {
            assertThat(e.getSQLState()).as("%s: %s", sql, e.getMessage()).isEqualTo(state);
            return String.valueOf(e.getMessage());
        }
        throw new AssertionError("must fail with " + state + ": " + sql);
    }
}
