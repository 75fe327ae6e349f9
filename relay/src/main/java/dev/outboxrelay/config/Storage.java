package dev.outboxrelay.config;

/** Where a stream keeps its messages. */
public enum Storage {
    FILE,
    MEMORY
}
