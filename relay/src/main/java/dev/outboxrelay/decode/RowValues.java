package dev.outboxrelay.decode;

import dev.outboxrelay.event.Payload;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads columns of one row and collects what is wrong, so that a dead letter names all of it at once. */
final class RowValues {

    private final Columns columns;
    private final List<String> problems = new ArrayList<>(0);
    private boolean incomplete;

    RowValues(Columns columns) {
        this.columns = columns;
    }

    List<String> problems() {
        return problems;
    }

    /** Whether the table has more of the row than the WAL brought under the names that are mapped. */
    boolean isIncomplete() {
        return incomplete;
    }

    void problem(String problem) {
        if (!problems.contains(problem)) {
            problems.add(problem);
        }
    }

    String text(String column) {
        String value = optionalText(column);
        if (value == null) {
            expect(column);
            problem("column " + column + " is null or not in the publication");
            return "";
        }
        return value;
    }

    /**
     * A row without a column, because that had another name or was not there yet when the row was written, is not one
     * in which the column is null: nobody knows what should stand in it.
     */
    void expect(String column) {
        if (!columns.has(column)) {
            incomplete = true;
            problem("column " + column + " was not in the table, or not in the publication, when it was written;"
                    + " outbox-relay backlog publishes it from there, if its table shows what is pending");
        }
    }

    @Nullable
    String optionalText(String column) {
        Object value = columns.get(column);
        if (value == null) {
            return null;
        }
        if (value instanceof String || value instanceof Number || value instanceof Boolean) {
            return value.toString();
        }
        problem("column " + column + " is of a type that is no text");
        return null;
    }

    /** A column's JSON document, from any type that can hold one; null where there is none. */
    @Nullable
    String document(String column) {
        // a zero byte is nothing that a text of PostgreSQL's could hold, which a dead letter has to
        return columns.get(column) instanceof byte[] bytes
                ? new String(bytes, StandardCharsets.UTF_8).replace('\0', '\uFFFD')
                : optionalText(column);
    }

    /** Bytes as they are, text as UTF-8; null for null. */
    @Nullable
    Payload payload(String column) {
        Object value = columns.get(column);
        if (value == null) {
            expect(column);
            return null;
        }
        if (value instanceof byte[] bytes) {
            return Payload.of(bytes);
        }
        if (value instanceof String text) {
            return Payload.of(text.getBytes(StandardCharsets.UTF_8));
        }
        problem("column " + column + " is neither bytes nor text");
        return Payload.EMPTY;
    }
}
