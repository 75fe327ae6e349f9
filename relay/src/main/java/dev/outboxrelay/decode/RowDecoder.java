package dev.outboxrelay.decode;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import org.jspecify.annotations.Nullable;

/** Reads the rows of one table. */
interface RowDecoder {

    Decoded decode(Change.Inserted row);

    /** What was read, as an event or as the remains of one. */
    static Decoded decoded(
            Change.Inserted row,
            RowValues values,
            String rowId,
            String tenant,
            String subject,
            @Nullable String headers,
            Payload payload) {
        TableName table = row.table();
        String id = rowId;
        if (values.isIncomplete()) {
            // not under the row's own id: a replay would send what is known of it, and mark it
            id = EventId.MADE_UP + row.origin().lsn() + '/' + MadeUpId.of(id, tenant, subject, headers, payload);
        }
        // no id at all would be the same one for every such row of the table
        if (id.isEmpty() || !EventId.isValid(EventId.text(table, id))) {
            values.problem("its id is empty, too long or not printable ASCII");
            id = EventId.MADE_UP + row.origin().lsn() + '/' + MadeUpId.of(id, tenant, subject, headers, payload);
        }
        OutboxEvent event = new OutboxEvent(
                EventId.of(table, id), new RowRef(table, id), tenant, subject, headers, payload, row.origin());
        return values.problems().isEmpty()
                ? new Decoded.Event(event)
                : new Decoded.Malformed(event, "row of " + table + ": " + String.join("; ", values.problems()));
    }
}
