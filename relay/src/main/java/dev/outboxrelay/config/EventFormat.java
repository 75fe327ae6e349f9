package dev.outboxrelay.config;

/** What a message says about itself ({@code outbox.events.format}). */
public enum EventFormat {
    /** The relay's own headers and the row's. */
    PLAIN,
    /** The attributes of CloudEvents 1.0 beside them, in binary mode. */
    CLOUDEVENTS
}
