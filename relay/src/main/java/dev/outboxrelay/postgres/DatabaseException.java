package dev.outboxrelay.postgres;

import java.sql.SQLException;

/** The database cannot be used now; says whether somebody has to mend something before it can. */
public final class DatabaseException extends Exception {

    private static final long serialVersionUID = 1L;
    private final boolean configuration;
    private final boolean login;

    public DatabaseException(String operation, SQLException cause) {
        super(operation + ": " + cause.getMessage(), cause);
        this.configuration = SqlErrors.isConfiguration(cause);
        this.login = SqlErrors.isLogin(cause) || SqlErrors.stateOf(cause).equals(SqlErrors.UNTRUSTED);
    }

    /** Whether waiting does not help: a wrong password, a missing right or object. */
    public boolean isConfiguration() {
        return configuration;
    }

    /** Whether it is about being let in at all: where that worked before, a secret is being changed. */
    public boolean isLogin() {
        return login;
    }
}
