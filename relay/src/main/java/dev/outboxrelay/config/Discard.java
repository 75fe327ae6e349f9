package dev.outboxrelay.config;

/** What a stream does when it has reached a limit. */
public enum Discard {
    /** Drops its oldest messages. */
    OLD,
    /** Refuses new ones. */
    NEW
}
