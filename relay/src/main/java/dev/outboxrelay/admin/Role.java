package dev.outboxrelay.admin;

/** What this instance is doing. */
public enum Role {
    /** On its way up: waiting for one end, or checking slot and publication. */
    STARTING,
    /** Moves rows. */
    LEADER,
    /** Another instance leads; this one waits for its turn. */
    STANDBY,
    /** Takes no more rows and drains what is in flight. */
    STOPPING
}
