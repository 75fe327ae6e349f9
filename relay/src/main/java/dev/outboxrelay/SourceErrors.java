package dev.outboxrelay;

import java.io.EOFException;

/** Puts an engine's failure into one line: the innermost cause says what happened. */
final class SourceErrors {

    private SourceErrors() {}

    static String describe(Throwable error) {
        Throwable cause = error;
        for (int depth = 0; cause.getCause() != null && cause.getCause() != cause && depth < 20; depth++) {
            cause = cause.getCause();
        }
        String message = cause.getMessage();
        if (message == null) {
            return cause instanceof EOFException
                    ? "the server closed the connection"
                    : cause.getClass().getSimpleName();
        }
        int end = message.indexOf('\n');
        return cause.getClass().getSimpleName() + ": " + (end < 0 ? message : message.substring(0, end));
    }
}
