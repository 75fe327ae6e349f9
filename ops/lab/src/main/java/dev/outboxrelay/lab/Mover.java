package dev.outboxrelay.lab;

import dev.outboxrelay.testing.RelayProcess;

/** A process that moves rows into streams. */
interface Mover extends AutoCloseable {

    long pid();

    boolean isAlive();

    /** What it said, for whoever wants to know why it failed. */
    String log();

    /** Ends it at once. */
    @Override
    void close();

    /** A relay as one. */
    record Relay(RelayProcess process) implements Mover {
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
        }
    }
}
