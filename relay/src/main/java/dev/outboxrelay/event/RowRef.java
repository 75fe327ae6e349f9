package dev.outboxrelay.event;

import java.util.Optional;

/**
 * Which row an event came from, so that it can be settled there.
 *
 * @param table the table
 * @param id the row's id as text
 */
public record RowRef(TableName table, String id) {

    /**
     * The row that an event id names: the inverse of {@link EventId#of}. Ids of {@code outbox.message} have no prefix,
     * and are UUIDs, so they never look as if they had one.
     */
    public static RowRef of(EventId event) {
        String text = event.value();
        int colon = text.indexOf(':');
        Optional<TableName> table = colon < 0 ? Optional.empty() : TableName.parse(text.substring(0, colon));
        return table.map(name -> new RowRef(name, text.substring(colon + 1)))
                .orElseGet(() -> new RowRef(TableName.OUTBOX_MESSAGE, text));
    }

    /** The row of a letter; empty where source and id do not lead to one, so that its event cannot be sent either. */
    public static Optional<RowRef> find(String source, String eventId) {
        if (!EventId.isValid(eventId)) {
            return Optional.empty();
        }
        RowRef row = of(new EventId(eventId));
        boolean found = row.table().toString().equals(source) && !row.id().startsWith(EventId.MADE_UP);
        return found ? Optional.of(row) : Optional.empty();
    }
}
