package dev.outboxrelay.config;

/** What the relay does about a tenant's stream. */
public enum Provision {
    /** Creates it, and changes it when its policy changes. */
    MANAGE,
    /** Compares it with its policy, says what differs, and changes nothing. */
    VERIFY,
    /** Neither. */
    OFF
}
