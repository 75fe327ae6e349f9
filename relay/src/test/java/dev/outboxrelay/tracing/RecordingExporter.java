package dev.outboxrelay.tracing;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** A collector in memory that answers when it is told to. */
final class RecordingExporter implements SpanExporter {

    final List<SpanData> spans = new ArrayList<>();
    final List<CompletableResultCode> open = new ArrayList<>();

    @Override
    public CompletableResultCode export(Collection<SpanData> batch) {
        spans.addAll(batch);
        CompletableResultCode answer = new CompletableResultCode();
        open.add(answer);
        return answer;
    }

    /** Takes what was sent so far. */
    void take() {
        open.forEach(CompletableResultCode::succeed);
        open.clear();
    }

    /** Refuses it. */
    void refuse(Throwable why) {
        open.forEach(answer -> answer.failExceptionally(why));
        open.clear();
    }

    @Override
    public CompletableResultCode flush() {
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
        return CompletableResultCode.ofSuccess();
    }
}
