package dev.outboxrelay.lab;

/** How messages may be published together (ADR-50 of NATS). */
enum Batches {
    /** Each for itself, with an answer to each. */
    NONE,
    /** Fast ingest, nats-server 2.14 and newer: stored one by one, the server answers every so many. */
    FAST,
    /** All of a batch or nothing, nats-server 2.12 and newer: stored together, one answer. */
    ATOMIC
}
