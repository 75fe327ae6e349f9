package dev.outboxrelay.settle;

import java.sql.Connection;
import java.sql.SQLException;

/** Something that the backlog is asked for: one transaction, run again as a whole until it went through. */
interface BacklogRequest {

    /** What is left to do. */
    enum Next {
        /** Nothing: it has committed and answered. */
        DONE,
        /** More of the same, behind whoever else waits: it has committed a part. */
        ON,
        /** All of it, in a while: somebody else has locked a row. */
        LATER
    }

    /** Does it, commits, and answers after the commit. */
    Next run(Connection connection) throws SQLException;
}
