package dev.outboxrelay.decode;

import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.TableName;

/** What the WAL tells, in the order it was committed. */
public sealed interface Change {

    /**
     * A row was inserted.
     *
     * @param table the table it was inserted into
     * @param origin where it lies in the WAL
     * @param columns its values
     */
    record Inserted(TableName table, Origin origin, Columns columns) implements Change {}

    /**
     * The WAL was read up to here, and everything before it has been handed over.
     *
     * @param lsn the end of a commit, or of a logical message outside any transaction
     */
    record Passed(Lsn lsn) implements Change {}
}
