package dev.outboxrelay.tracing;

import io.opentelemetry.exporter.internal.FailedExportException;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.IOException;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Counts what becomes of each batch, gives its places back, and says when spans get lost. Once it is abandoned it sends
 * nothing more.
 */
final class CountingExporter implements SpanExporter {

    private final SpanExporter collector;
    private final Waiting waiting;
    private final Losses losses;
    private final SpanCount count;
    private volatile boolean abandoned;

    CountingExporter(SpanExporter collector, Waiting waiting, Losses losses, SpanCount count) {
        this.collector = collector;
        this.waiting = waiting;
        this.losses = losses;
        this.count = count;
    }

    /** From now on what is left is not sent any more. */
    void abandon() {
        abandoned = true;
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> batch) {
        int size = batch.size();
        if (abandoned) {
            waiting.leave(size);
            count.add(Outcome.DROPPED, size);
            return CompletableResultCode.ofFailure();
        }
        CompletableResultCode answer = send(batch);
        return answer.whenComplete(() -> answered(size, answer));
    }

    private CompletableResultCode send(Collection<SpanData> batch) {
        try {
            return collector.export(batch);
        } catch (RuntimeException e) {
            return CompletableResultCode.ofExceptionalFailure(
                    e); // a file that cannot be read, say: counted as the rest
        }
    }

    private void answered(int size, CompletableResultCode answer) {
        waiting.leave(size);
        if (answer.isSuccess()) {
            count.add(Outcome.EXPORTED, size);
            losses.none();
        } else {
            count.add(Outcome.FAILED, size);
            losses.some(words(answer.getFailureThrowable()));
        }
    }

    /** Of an exception that does not come from the network or a file the kind alone: its text may show a header. */
    static String words(@Nullable Throwable failure) {
        if (failure == null) {
            return "the collector did not answer in time";
        }
        if (failure instanceof FailedExportException.HttpExportException http && http.getResponse() != null) {
            return "HTTP " + http.getResponse().getStatusCode();
        }
        Throwable cause = failure;
        while (!(cause instanceof IOException) && cause.getCause() != null) {
            cause = cause.getCause();
        }
        String kind = cause.getClass().getSimpleName();
        String text = cause instanceof IOException ? cause.getMessage() : null;
        return text == null ? kind : kind + ": " + text.replaceAll("\\s*\\R\\s*", "; ");
    }

    @Override
    public CompletableResultCode flush() {
        return collector.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
        return collector.shutdown();
    }
}
