package dev.outboxrelay.decode;

import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.TableName;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
     * A logical message of a transaction, under the prefix of emitted events; whether it is one is for its content to
     * say.
     *
     * @param origin where it lies in the WAL
     * @param content all of it
     */
    record Emitted(Origin origin, Payload content) implements Change {

        /** The prefix that {@code outbox.emit} uses. */
        public static final String PREFIX = "outbox.emit";
    }

    /**
     * A policy was changed; everything behind it was committed after that.
     *
     * @param object which kind: the policy table's name
     * @param key the row's key in it
     * @param json the row as it is now; null when it was deleted
     * @param transaction the transaction that did it
     */
    record PolicyChanged(
            String object, String key, @Nullable String json, long transaction) implements Change {

        /** The table that the changes are written into. */
        public static final TableName TABLE = new TableName("outbox", "policy_change");

        /** Its columns that a change is made of. */
        public static final List<String> COLUMNS = List.of("object", "key", "policy", "xact");

        /**
         * Of a row of that table.
         *
         * @throws IllegalArgumentException when it is none that the triggers write
         */
        public static PolicyChanged of(Columns row) {
            if (row.get("object") instanceof String object
                    && row.get("key") instanceof String key
                    && row.get("xact") instanceof Number transaction) {
                return new PolicyChanged(object, key, (String) row.get("policy"), transaction.longValue());
            }
            throw new IllegalArgumentException("a row of " + TABLE + " without object, key or xact");
        }
    }

    /**
     * The WAL was read up to here, and everything before it has been handed over.
     *
     * @param lsn the end of a commit, or of a logical message outside any transaction
     */
    record Passed(Lsn lsn) implements Change {}
}
