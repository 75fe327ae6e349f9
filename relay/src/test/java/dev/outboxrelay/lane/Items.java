package dev.outboxrelay.lane;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.route.Envelope;
import dev.outboxrelay.watermark.Ticket;
import java.util.List;

/** Items for tests. */
final class Items {

    private Items() {}

    static Item item(String id) {
        return Item.deliverable(new Ticket(0), envelope("acme", id, "s", new byte[0], List.of()));
    }

    static Envelope envelope(String tenant, String id, String subject, byte[] payload, List<Header> headers) {
        Address address = Address.of(tenant, Naming.ENCODE).orElseThrow();
        OutboxEvent event = new OutboxEvent(
                new EventId(id),
                new RowRef(TableName.OUTBOX_MESSAGE, id),
                tenant,
                subject,
                null,
                Payload.of(payload),
                new Origin(new Lsn(9), new Lsn(8), 0));
        return new Envelope(event, address, address.prefix() + subject, headers);
    }
}
