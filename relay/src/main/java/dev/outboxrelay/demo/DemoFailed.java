package dev.outboxrelay.demo;

/** The demo cannot go on; the message says what failed, why, and what to do next. */
final class DemoFailed extends Exception {

    DemoFailed(String message) {
        super(message);
    }

    DemoFailed(String message, Throwable cause) {
        super(message + ": " + (cause.getMessage() == null ? cause.toString() : cause.getMessage()), cause);
    }
}
