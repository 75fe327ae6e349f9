package dev.outboxrelay.decode;

import dev.outboxrelay.event.OutboxEvent;

/** What a row turned out to be. */
public sealed interface Decoded {

    /** A row that can be read as an event; whether it may be published is for the router to say. */
    record Event(OutboxEvent event) implements Decoded {}

    /**
     * A row that is no event.
     *
     * @param remains what could be read of it, missing texts empty
     * @param error what is wrong with it, without any of its content
     */
    record Malformed(OutboxEvent remains, String error) implements Decoded {}
}
