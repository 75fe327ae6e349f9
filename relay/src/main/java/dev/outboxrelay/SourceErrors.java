package dev.outboxrelay;

import dev.outboxrelay.postgres.SqlErrors;
import java.io.EOFException;
import java.io.IOException;

/** Puts an engine's failure into one line: the innermost cause says what happened. */
final class SourceErrors {

    private SourceErrors() {}

    /** Whether the server or the way to it is the cause; anything else is a bug, whose stack trace is worth reading. */
    static boolean isFromOutside(Throwable error) {
        Throwable cause = error;
        for (int depth = 0; cause != null && depth < 20; depth++) {
            if (SqlErrors.isOne(cause) || cause instanceof IOException) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

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
