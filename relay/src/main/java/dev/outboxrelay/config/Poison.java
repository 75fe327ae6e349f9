package dev.outboxrelay.config;

/** What becomes of a tenant's later events when one of them is a dead letter ({@code outbox.dead-letter.poison}). */
public enum Poison {
    /** They go on. */
    SKIP,
    /** They wait, in order, until an operator has decided about it. */
    HOLD
}
