package dev.outboxrelay.config;

/** Which tenant ids become stream names ({@code outbox.naming}). */
public enum Naming {
    /** Only {@code [A-Za-z0-9_-]{1,64}}; everything else is a dead letter. */
    STRICT,
    /** Other bytes and upper-case letters are written as {@code =hh}. */
    ENCODE
}
