package dev.outboxrelay.route;

import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Reason;

/** Where a row goes. */
public sealed interface Routed {

    /** To its tenant's stream. */
    record Deliverable(Envelope envelope) implements Routed {}

    /**
     * To the dead letters, in its tenant's order: nothing behind it is sent before it is written.
     *
     * @param address whose stream it would have been
     * @param error what is wrong, without any payload or header value
     */
    record Unroutable(OutboxEvent event, Address address, Reason reason, String error) implements Routed {}

    /**
     * To the dead letters by a routing rule, or by a rule for attributes of CloudEvents. It is an event like any other:
     * under the rules of an earlier start it may have been published.
     *
     * @param address whose stream it would have been
     * @param error which rule, without any payload or header value
     */
    record RuledOut(OutboxEvent event, Address address, Reason reason, String error) implements Routed {}

    /**
     * Nowhere: a routing rule drops it. As for {@link RuledOut}, it may have been published before.
     *
     * @param address whose stream it would have been
     * @param rule the rule's name
     */
    record Dropped(OutboxEvent event, Address address, String rule) implements Routed {}

    /**
     * To the dead letters, and it has no tenant that the relay could name.
     *
     * @param error what is wrong
     */
    record Homeless(OutboxEvent event, Reason reason, String error) implements Routed {}
}
