package dev.outboxrelay.cli;

import dev.outboxrelay.config.Settings;
import java.io.PrintWriter;

/** Runs the relay until it ends. */
@FunctionalInterface
interface RelayRunner {

    /**
     * Runs in the calling thread and returns the exit code; answering signals is its own part. What keeps it from
     * working it says on {@code err}.
     */
    int run(Settings settings, PrintWriter err) throws InterruptedException;
}
