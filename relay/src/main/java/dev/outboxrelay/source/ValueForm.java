package dev.outboxrelay.source;

import dev.outboxrelay.postgres.PublishedColumn;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.postgresql.util.PSQLState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether one run's stream is asked for binary values, which halves what a payload costs on the wire and needs no
 * decoding, or for text, which is all that the engine can read. Any thread.
 *
 * <p>The tables say it as they are now, and the WAL may be older or become newer. Where it disagrees with a stream in
 * binary, that stream fails, and this process reads the slot in text from then on: choosing by the tables again would
 * fail at the same place for ever.
 */
final class ValueForm {

    private static final Logger log = LoggerFactory.getLogger(ValueForm.class);

    /** Slots whose WAL has proved unfit, with their databases. */
    private static final Set<String> TEXT_ONLY = ConcurrentHashMap.newKeySet();

    private final String slot;
    private final boolean binary;

    private ValueForm(String slot, boolean binary) {
        this.slot = slot;
        this.binary = binary;
    }

    /** @param connection to the database of the slot, but not the one that will read it */
    static ValueForm choose(Connection connection, LeanSettings settings) throws SQLException {
        String slot = connection.getMetaData().getURL() + ' ' + settings.slot();
        return new ValueForm(slot, !TEXT_ONLY.contains(slot) && isBinaryPossible(connection, settings));
    }

    private static boolean isBinaryPossible(Connection connection, LeanSettings settings) throws SQLException {
        for (PublishedColumn column : PublishedColumn.read(
                connection, settings.publication(), settings.wanted().keySet())) {
            List<String> wanted = column.table().map(settings.wanted()::get).orElse(List.of());
            boolean simple = !wanted.contains(column.name()) || ColumnType.of(column.type()) != null;
            if (column.isUnsafeInBinary() || !simple) {
                return false;
            }
        }
        return true;
    }

    boolean isBinary() {
        return binary;
    }

    /** What has ended the stream: if binary values may have caused it, the next start does without them. */
    void failed(Throwable error) {
        if (binary && isAboutValues(error) && TEXT_ONLY.add(slot)) {
            log.warn("the slot is read in text from now on, until this process ends: its stream in binary failed");
        }
    }

    private static boolean isAboutValues(Throwable error) {
        if (error instanceof SQLException sql) {
            // ours for a changed type, and the server's for a send function that is not there
            return PSQLState.NOT_IMPLEMENTED.getState().equals(sql.getSQLState())
                    || PSQLState.UNDEFINED_FUNCTION.getState().equals(sql.getSQLState());
        }
        return error instanceof RuntimeException;
    }
}
