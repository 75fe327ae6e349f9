package dev.outboxrelay.postgres;

import java.sql.SQLException;

/** Tells kinds of database errors apart by SQLSTATE (PostgreSQL documentation, appendix A). Pure. */
public final class SqlErrors {

    private SqlErrors() {}

    /** Whether somebody must change a setting or a right before it can work: waiting does not help. */
    public static boolean isConfiguration(SQLException e) {
        String state = stateOf(e);
        return state.startsWith("28") // wrong user or password
                || state.equals("3D000") // no such database
                || state.equals("42501") // right missing
                || state.equals("42P01") // table missing
                || state.equals("42703") // column missing
                || state.equals("3F000"); // schema missing
    }

    /** Whether the connection is gone or the server is going away. */
    public static boolean isConnectionLoss(SQLException e) {
        String state = stateOf(e);
        return state.isEmpty() || state.startsWith("08") || state.startsWith("57P");
    }

    /** SQLSTATE, or an empty text. */
    public static String stateOf(SQLException e) {
        String state = e.getSQLState();
        return state == null ? "" : state;
    }

    /** Whether the server or its driver threw it. */
    public static boolean isOne(Throwable error) {
        return error instanceof SQLException;
    }
}
