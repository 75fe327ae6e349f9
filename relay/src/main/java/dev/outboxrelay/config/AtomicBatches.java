package dev.outboxrelay.config;

/** Whether much that waits for one stream goes to the server as atomic batches. */
public enum AtomicBatches {
    /** Where the server can and a stream has replicas; streams that the relay manages are set up for it. */
    AUTO,
    /** Never; what streams are set up for stays as it is. */
    OFF
}
