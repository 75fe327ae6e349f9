package dev.outboxrelay.cli;

import dev.outboxrelay.config.Settings;

/** Runs the relay until it ends. */
@FunctionalInterface
interface RelayRunner {

    /** Runs in the calling thread and returns the exit code; answering signals is its own part. */
    int run(Settings settings);
}
