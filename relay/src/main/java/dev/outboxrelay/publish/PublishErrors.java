package dev.outboxrelay.publish;

import dev.outboxrelay.lane.Failure;
import dev.outboxrelay.lane.ServerErrors;
import io.nats.client.JetStreamApiException;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;

/** What an exception from a publish means. Pure. */
final class PublishErrors {

    private PublishErrors() {}

    static Failure classify(Throwable thrown) {
        Throwable cause = unwrap(thrown);
        if (cause instanceof JetStreamApiException api) {
            return ServerErrors.of(api.getApiErrorCode(), String.valueOf(api.getErrorDescription()));
        }
        String text = String.valueOf(cause.getMessage());
        if (cause instanceof TimeoutException || cause instanceof CancellationException) {
            return Failure.doubt("timeout", "no answer from the server in time");
        }
        if (cause instanceof IOException) {
            return ioException(text);
        }
        if (cause instanceof IllegalStateException) {
            return new Failure(Failure.Kind.TRANSIENT, "not_sent", text);
        }
        if (cause instanceof IllegalArgumentException) {
            return new Failure(Failure.Kind.POISON, "refused_by_client", text);
        }
        return Failure.doubt(cause.getClass().getSimpleName(), cause.getClass().getSimpleName() + ": " + text);
    }

    private static Failure ioException(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        if (lower.contains("503") || lower.contains("no responders")) {
            return new Failure(
                    Failure.Kind.UNEXPLAINED, "no_responders", "no stream takes this subject at this moment (503)");
        }
        if (lower.contains("429")) {
            return new Failure(Failure.Kind.TRANSIENT, "overload", "the server asks for patience (429)");
        }
        return Failure.doubt("io", text);
    }

    private static Throwable unwrap(Throwable thrown) {
        Throwable cause = thrown;
        while ((cause instanceof CompletionException || cause.getClass() == RuntimeException.class)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }
}
