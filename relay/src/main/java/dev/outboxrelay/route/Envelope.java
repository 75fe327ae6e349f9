package dev.outboxrelay.route;

import dev.outboxrelay.event.OutboxEvent;
import java.util.List;

/**
 * An event that passed every rule, ready for its tenant's lane.
 *
 * @param event the event
 * @param address whose it is and which stream takes it
 * @param subject the full subject, always under the address's prefix
 * @param headers the row's own headers
 */
public record Envelope(OutboxEvent event, Address address, String subject, List<Header> headers) {

    public Envelope {
        if (!subject.startsWith(address.prefix())) {
            throw new IllegalArgumentException("subject outside its tenant's prefix " + address.prefix());
        }
    }
}
