package dev.outboxrelay.cli;

import dev.outboxrelay.config.Settings;

/** Runs the relay until it ends. */
@FunctionalInterface
interface RelayRunner {

    /** Runs in the calling thread and returns the exit code; {@code Main} adds the signal handling around it. */
    int run(Settings settings);
}
