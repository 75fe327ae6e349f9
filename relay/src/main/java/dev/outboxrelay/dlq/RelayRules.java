package dev.outboxrelay.dlq;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.route.Routed;
import dev.outboxrelay.route.Router;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Says beforehand what the relay would say to a replay. One thread. */
final class RelayRules {

    private final Router router;

    RelayRules(Naming naming) {
        this.router = new Router(naming);
    }

    /** Why the relay would refuse the event with this subject and these headers; empty when it would send it. */
    Optional<Refusal> judge(Letter letter, @Nullable String subject, @Nullable String headers) {
        Optional<RowRef> row = RowRef.find(letter.source(), letter.eventId());
        if (row.isEmpty() || letter.payloadBytes() == null || letter.tenant() == null || subject == null) {
            return Optional.of(Refusal.of(
                    letter,
                    Reason.MALFORMED_ROW,
                    "its id, tenant, subject or payload is missing or cannot be read: insert the event again"));
        }
        Routed routed = router.route(new Decoded.Event(new OutboxEvent(
                new EventId(letter.eventId()),
                row.get(),
                letter.tenant(),
                subject,
                headers,
                Payload.EMPTY,
                new Origin(Lsn.NONE, Lsn.NONE, 0))));
        if (routed instanceof Routed.Unroutable unroutable) {
            return Optional.of(Refusal.of(letter, unroutable.reason(), unroutable.error()));
        }
        return routed instanceof Routed.Homeless homeless
                ? Optional.of(Refusal.of(letter, homeless.reason(), homeless.error()))
                : Optional.empty();
    }
}
