package dev.outboxrelay.tracing;

import dev.outboxrelay.config.TracingSettings;
import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.route.Envelope;
import dev.outboxrelay.rule.HeaderRule;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One span for each event that is traced, from its row's commit until it was acknowledged or became a dead letter.
 *
 * <p>An event is traced if its headers have a {@code traceparent} that is sampled; one without any (or with one that
 * cannot be read) if the dice of {@code outbox.tracing.sample} say so. Any thread; nothing here waits or throws, and a
 * span has no payload, no header and no subject in it.
 */
public final class Spans implements AutoCloseable {

    /** Most spans that are made and not answered for. */
    static final int MOST_WAITING = 2_048;

    private static final AttributeKey<String> SYSTEM = AttributeKey.stringKey("messaging.system");
    private static final AttributeKey<String> OPERATION = AttributeKey.stringKey("messaging.operation.name");
    private static final AttributeKey<String> OPERATION_TYPE = AttributeKey.stringKey("messaging.operation.type");
    private static final AttributeKey<String> DESTINATION = AttributeKey.stringKey("messaging.destination.name");
    private static final AttributeKey<String> MESSAGE_ID = AttributeKey.stringKey("messaging.message.id");
    private static final AttributeKey<String> ERROR_TYPE = AttributeKey.stringKey("error.type");
    private static final AttributeKey<String> TENANT = AttributeKey.stringKey("outbox.tenant");
    private static final AttributeKey<Long> SEQUENCE = AttributeKey.longKey("outbox.stream.sequence");
    private static final AttributeKey<Boolean> LATE = AttributeKey.booleanKey("outbox.late");

    private final Tracer tracer;
    private final double sample;
    private final Waiting waiting;
    private final Losses losses;
    private final SpanCount count;
    private final Runnable stop;

    Spans(Tracer tracer, double sample, Waiting waiting, Losses losses, SpanCount count, Runnable stop) {
        this.tracer = tracer;
        this.sample = sample;
        this.waiting = waiting;
        this.losses = losses;
        this.count = count;
        this.stop = stop;
    }

    /**
     * Begins to send spans.
     *
     * @param version of the relay
     * @param instance which of several relays
     */
    public static Spans open(TracingSettings settings, String version, String instance, SpanCount count) {
        Waiting waiting = new Waiting(MOST_WAITING);
        Losses losses = new Losses(settings.endpoint(), System::nanoTime);
        Delivery delivery = Delivery.open(settings, version, instance, waiting, losses, count);
        return new Spans(delivery.tracer(), settings.sample(), waiting, losses, count, delivery::close);
    }

    /**
     * An event is in its stream.
     *
     * @param sequence where; 0 if the PubAck that said it was lost
     * @param late whether it lay in the table of dead letters in between
     * @param endMicros the time of the PubAck, microseconds since 1970-01-01T00:00Z
     */
    public void published(Envelope envelope, long sequence, boolean late, long endMicros) {
        try {
            SpanBuilder span =
                    begin("outbox publish", envelope.headers(), envelope.event(), envelope.address(), endMicros);
            if (span != null) {
                if (sequence > 0) {
                    span.setAttribute(SEQUENCE, sequence);
                }
                if (late) {
                    span.setAttribute(LATE, true);
                }
                span.startSpan().end(endMicros, TimeUnit.MICROSECONDS);
            }
        } catch (RuntimeException e) {
            broke(e);
        }
    }

    /**
     * An event has become a dead letter.
     *
     * @param envelope null if it never got one
     * @param endMicros when, microseconds since 1970-01-01T00:00Z
     */
    public void deadLettered(
            @Nullable Envelope envelope, OutboxEvent event, Address address, Reason reason, long endMicros) {
        try {
            List<Header> headers = envelope == null ? ownHeaders(event) : envelope.headers();
            SpanBuilder builder = begin("outbox dead letter", headers, event, address, endMicros);
            if (builder != null) {
                Span span = builder.setAttribute(ERROR_TYPE, reason.code()).startSpan();
                span.setStatus(StatusCode.ERROR, reason.code());
                span.end(endMicros, TimeUnit.MICROSECONDS);
            }
        } catch (RuntimeException e) {
            broke(e);
        }
    }

    private static List<Header> ownHeaders(OutboxEvent event) {
        return HeaderRule.apply(event.headersJson()) instanceof HeaderRule.Result.Accepted accepted
                ? accepted.headers()
                : List.of();
    }

    /** Null if the event is not traced, or if enough spans wait; else its place is taken. */
    private @Nullable SpanBuilder begin(
            String name, List<Header> headers, OutboxEvent event, Address address, long endMicros) {
        SpanContext parent = RowTrace.of(headers);
        if (!isTraced(parent)) {
            return null;
        }
        if (!waiting.enter()) {
            count.add(Outcome.DROPPED, 1);
            losses.some("more spans than the collector takes: " + MOST_WAITING + " wait already");
            return null;
        }
        try {
            return builder(name, parent, event, address, endMicros);
        } catch (RuntimeException e) {
            waiting.leave(1);
            throw e;
        }
    }

    private SpanBuilder builder(String name, SpanContext parent, OutboxEvent event, Address address, long endMicros) {
        // two machines' clocks: a span that ends before it begins would be refused
        long start = Math.min(event.origin().committedAtMicros(), endMicros);
        return tracer.spanBuilder(name)
                .setSpanKind(SpanKind.PRODUCER)
                .setParent(parent.isValid() ? Context.root().with(Span.wrap(parent)) : Context.root())
                .setStartTimestamp(start, TimeUnit.MICROSECONDS)
                .setAttribute(SYSTEM, "nats")
                .setAttribute(OPERATION, "publish")
                .setAttribute(OPERATION_TYPE, "send")
                .setAttribute(DESTINATION, address.stream().value())
                .setAttribute(MESSAGE_ID, event.id().value())
                .setAttribute(TENANT, address.tenant().value());
    }

    private boolean isTraced(SpanContext parent) {
        return parent.isValid()
                ? parent.isSampled()
                : sample > 0 && ThreadLocalRandom.current().nextDouble() < sample;
    }

    /** A bug here must not reach the lane, which would read the slot again for it. */
    private void broke(RuntimeException bug) {
        count.add(Outcome.DROPPED, 1);
        losses.some(bug.getClass().getSimpleName());
    }

    /** Sends what waits, for a short while; the rest is lost. Idempotent. */
    @Override
    public void close() {
        stop.run();
    }
}
