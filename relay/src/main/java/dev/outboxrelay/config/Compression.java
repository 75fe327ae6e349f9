package dev.outboxrelay.config;

/** Whether a stream's files are compressed. */
public enum Compression {
    NONE,
    S2
}
