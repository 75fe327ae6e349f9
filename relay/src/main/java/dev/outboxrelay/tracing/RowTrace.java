package dev.outboxrelay.tracing;

import dev.outboxrelay.event.Header;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The span that an event's headers name as its own. Pure. */
final class RowTrace {

    private static final String PARENT = "traceparent";
    private static final String STATE = "tracestate";

    private RowTrace() {}

    /** Its context, sampled or not; invalid where there is no {@code traceparent}, or none that can be read. */
    static SpanContext of(List<Header> headers) {
        String parent = find(headers, PARENT);
        return parent == null
                ? SpanContext.getInvalid()
                : TraceParent.parse(parent)
                        .map(read -> SpanContext.createFromRemoteParent(
                                read.traceId(),
                                read.spanId(),
                                read.sampled() ? TraceFlags.getSampled() : TraceFlags.getDefault(),
                                state(headers)))
                        .orElse(SpanContext.getInvalid());
    }

    /** What vendors say beside it; one that cannot be read is as good as none. */
    private static TraceState state(List<Header> headers) {
        if (find(headers, STATE) == null) {
            return TraceState.getDefault();
        }
        Context read = W3CTraceContextPropagator.getInstance().extract(Context.root(), headers, Lookup.INSTANCE);
        return Span.fromContext(read).getSpanContext().getTraceState();
    }

    /** The names are those of HTTP: upper and lower case are the same. */
    private static @Nullable String find(List<Header> headers, String name) {
        for (int i = 0; i < headers.size(); i++) {
            Header header = headers.get(i);
            if (header.name().length() == name.length() && header.name().equalsIgnoreCase(name)) {
                return header.value();
            }
        }
        return null;
    }

    private enum Lookup implements TextMapGetter<List<Header>> {
        INSTANCE;

        @Override
        public Iterable<String> keys(List<Header> carrier) {
            return carrier.stream().map(Header::name).toList();
        }

        @Override
        public @Nullable String get(@Nullable List<Header> carrier, String key) {
            return carrier == null ? null : find(carrier, key);
        }
    }
}
