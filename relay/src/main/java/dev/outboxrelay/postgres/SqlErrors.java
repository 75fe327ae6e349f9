package dev.outboxrelay.postgres;

import java.sql.SQLException;

/** Tells kinds of database errors apart by SQLSTATE (PostgreSQL documentation, appendix A). Pure. */
public final class SqlErrors {

    /** No SQLSTATE of the server's: no agreement on an encrypted connection, or a file that cannot be used. */
    public static final String UNTRUSTED = "untrusted";

    private SqlErrors() {}

    /** Whether somebody must change a setting or a right before it can work: waiting does not help. */
    public static boolean isConfiguration(SQLException e) {
        String state = stateOf(e);
        return state.equals(UNTRUSTED)
                || isLogin(e)
                || state.equals("3D000") // no such database
                || state.equals("42501") // right missing
                || state.equals("42P01") // table missing
                || state.equals("42703") // column missing
                || state.equals("3F000"); // schema missing
    }

    /** Whether the server does not let this user in with this password or certificate. */
    public static boolean isLogin(SQLException e) {
        return stateOf(e).startsWith("28");
    }

    /** Whether the connection is gone or the server is going away. */
    public static boolean isConnectionLoss(SQLException e) {
        String state = stateOf(e);
        return state.isEmpty() || state.startsWith("08") || state.startsWith("57P") || state.equals(UNTRUSTED);
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
