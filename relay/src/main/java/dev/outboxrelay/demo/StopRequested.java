package dev.outboxrelay.demo;

/** Somebody asked the demo to end while it was still starting. */
final class StopRequested extends Exception {

    StopRequested() {
        super("stopped while starting");
    }
}
