package dev.outboxrelay.lab;

import dev.outboxrelay.testing.RelayProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A process that moves rows into streams. */
interface Mover extends AutoCloseable {

    long pid();

    boolean isAlive();

    /** What it said, for whoever wants to know why it failed. */
    String log();

    /** The bytes that its heap has handed out up to its last collection; NaN where nobody counts. */
    default double allocated() {
        return Double.NaN;
    }

    /** Ends it at once. */
    @Override
    void close();

    /**
     * A relay as one.
     *
     * @param collections where its JVM logs its collections
     */
    record Relay(RelayProcess process, Path collections) implements Mover {
        @Override
        public double allocated() {
            return HeapLog.allocated(collections);
        }

        @Override
        public long pid() {
            return process.pid();
        }

        @Override
        public boolean isAlive() {
            return process.isAlive();
        }

        @Override
        public String log() {
            return process.log();
        }

        @Override
        public void close() {
            process.close();
            try {
                Files.deleteIfExists(collections);
            } catch (IOException e) {
                throw new UncheckedIOException("cannot delete " + collections, e);
            }
        }
    }
}
