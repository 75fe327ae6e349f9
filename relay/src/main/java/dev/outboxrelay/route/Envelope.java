package dev.outboxrelay.route;

import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.OutboxEvent;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An event that passed every rule, ready for its tenant's lane.
 *
 * @param event the event
 * @param address whose it is and which stream takes it
 * @param subject the full subject, always under the address's prefix
 * @param headers the row's own headers, and those that a routing rule adds
 * @param rule the routing rule that has changed the subject or the headers; null if none has
 */
public record Envelope(
        OutboxEvent event,
        Address address,
        String subject,
        List<Header> headers,
        @Nullable String rule) {

    /** One as the row has it. */
    public Envelope(OutboxEvent event, Address address, String subject, List<Header> headers) {
        this(event, address, subject, headers, null);
    }

    public Envelope {
        if (!subject.startsWith(address.prefix())) {
            throw new IllegalArgumentException("subject outside its tenant's prefix " + address.prefix());
        }
    }
}
