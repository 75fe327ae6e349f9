package dev.outboxrelay.admin;

/** How badly a tenant fares; the worst first. */
public enum Suffering {
    /** One of its consumers was not given messages before these left the stream: nothing brings them back. */
    LOSING,
    /** Its events cannot be published, and some wait. */
    BLOCKED,
    /** Events wait in the table of dead letters, and later ones behind them. */
    PARKED,
    /** Its events are in the stream, and one of its consumers does not take them. */
    STARVED,
    /** Somebody has to decide or to mend something; meanwhile its events flow. */
    DEGRADED,
    /** Everything works, and something is behind. */
    SLOW,
    /** All is well. */
    FINE
}
