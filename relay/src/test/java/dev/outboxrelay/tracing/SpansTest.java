package dev.outboxrelay.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.route.Envelope;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SpansTest {

    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String SPAN = "00f067aa0ba902b7";
    private static final String SAMPLED = "00-" + TRACE + "-" + SPAN + "-01";
    private static final long COMMITTED = 1_700_000_000_123_456L;
    private static final long ACKNOWLEDGED = COMMITTED + 2_345;

    private final RecordingExporter collector = new RecordingExporter();
    private final Waiting waiting = new Waiting(3);
    private final Map<Outcome, Long> counted = new EnumMap<>(Outcome.class);
    private final SpanCount count = (outcome, spans) -> counted.merge(outcome, spans, Long::sum);
    private final Losses losses = new Losses("http://collector", () -> 0);
    private final CountingExporter exporter = new CountingExporter(collector, waiting, losses, count);
    private final Address address = Address.of("Acme & Söhne", Naming.ENCODE).orElseThrow();

    private Spans spans(double sample) {
        SdkTracerProvider provider = SdkTracerProvider.builder()
                .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                .build();
        return new Spans(provider.get("test"), sample, waiting, losses, count, provider::close);
    }

    private static OutboxEvent event(@Nullable String headers) {
        return new OutboxEvent(
                new EventId("e-1"),
                new RowRef(TableName.OUTBOX_MESSAGE, "e-1"),
                "Acme & Söhne",
                "order.of.alice@example.com",
                headers,
                Payload.of("alice".getBytes(StandardCharsets.UTF_8)),
                new Origin(Lsn.NONE, Lsn.NONE, COMMITTED));
    }

    private Envelope envelope(String... namesAndValues) {
        List<Header> headers = new ArrayList<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            headers.add(new Header(namesAndValues[i], namesAndValues[i + 1]));
        }
        return new Envelope(event(null), address, address.prefix() + "order.of.alice@example.com", headers);
    }

    private static Map<String, Object> attributes(SpanData span) {
        Map<String, Object> all = new TreeMap<>();
        span.getAttributes().forEach((key, value) -> all.put(key.getKey(), value));
        return all;
    }

    @Test
    void a_span_goes_from_commit_to_puback_under_the_rows_own() {
        spans(0).published(envelope("traceparent", SAMPLED, "tracestate", "a=1,b@c=2"), 17, false, ACKNOWLEDGED);

        SpanData span = collector.spans.get(0);
        assertThat(collector.spans).hasSize(1);
        assertThat(span.getTraceId()).isEqualTo(TRACE);
        assertThat(span.getParentSpanId()).isEqualTo(SPAN);
        assertThat(span.getParentSpanContext().isRemote()).isTrue();
        assertThat(span.getSpanContext().getTraceState())
                .isEqualTo(TraceState.builder().put("b@c", "2").put("a", "1").build());
        assertThat(span.getName()).isEqualTo("outbox publish");
        assertThat(span.getKind()).isEqualTo(SpanKind.PRODUCER);
        assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
        assertThat(span.getStartEpochNanos()).isEqualTo(COMMITTED * 1_000);
        assertThat(span.getEndEpochNanos()).isEqualTo(ACKNOWLEDGED * 1_000);
    }

    @Test
    void it_says_which_event_it_is_and_nothing_of_what_is_in_it() {
        spans(0).published(envelope("TraceParent", SAMPLED, "X-Customer", "alice"), 17, true, ACKNOWLEDGED);

        SpanData span = collector.spans.get(0);
        assertThat(attributes(span))
                .isEqualTo(Map.of(
                        "messaging.system", "nats",
                        "messaging.operation.name", "publish",
                        "messaging.operation.type", "send",
                        "messaging.destination.name", address.stream().value(),
                        "messaging.message.id", "e-1",
                        "outbox.tenant", "Acme & Söhne",
                        "outbox.stream.sequence", 17L,
                        "outbox.late", true));
        assertThat(span.toString()).doesNotContain("alice");
    }

    @Test
    void a_sequence_that_nobody_told_is_left_out() {
        spans(0).published(envelope("traceparent", SAMPLED), 0, false, ACKNOWLEDGED);

        assertThat(attributes(collector.spans.get(0))).doesNotContainKeys("outbox.stream.sequence", "outbox.late");
    }

    @Test
    void an_end_before_the_beginning_is_two_clocks_and_becomes_one_moment() {
        spans(0).published(envelope("traceparent", SAMPLED), 1, false, COMMITTED - 50);

        SpanData span = collector.spans.get(0);
        assertThat(span.getEndEpochNanos()).isEqualTo((COMMITTED - 50) * 1_000);
        assertThat(span.getStartEpochNanos()).isEqualTo(span.getEndEpochNanos());
    }

    @ParameterizedTest
    @CsvSource({
        "0, '', false",
        "1, '', true",
        "0, 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00, false",
        "1, 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00, false",
        "0, 00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01, false",
        "1, 00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01, true",
    })
    void without_a_readable_traceparent_the_sample_decides_and_begins_a_trace(
            double sample, String traceparent, boolean traced) {
        spans(sample).published(envelope("traceparent", traceparent), 1, false, ACKNOWLEDGED);

        assertThat(collector.spans).hasSize(traced ? 1 : 0);
        assertThat(collector.spans).allSatisfy(span -> {
            assertThat(span.getParentSpanContext().isValid()).isFalse();
            assertThat(span.getTraceId()).isNotEqualTo(TRACE);
        });
    }

    @Test
    void a_part_of_many_is_about_that_part() {
        Spans tenth = spans(0.1);
        for (int i = 0; i < 10_000; i++) {
            tenth.published(envelope(), 1, false, ACKNOWLEDGED);
            collector.take();
        }

        assertThat(collector.spans).hasSizeBetween(800, 1_200);
    }

    @Test
    void a_tracestate_that_cannot_be_read_does_no_harm() {
        spans(0).published(envelope("traceparent", SAMPLED, "tracestate", "=,;"), 1, false, ACKNOWLEDGED);

        SpanData span = collector.spans.get(0);
        assertThat(span.getParentSpanId()).isEqualTo(SPAN);
        assertThat(span.getSpanContext().getTraceState().isEmpty()).isTrue();
    }

    @Test
    void a_dead_letter_is_an_error_with_its_reason() {
        Spans spans = spans(0);

        spans.deadLettered(
                null, event("{\"traceparent\": \"" + SAMPLED + "\"}"), address, Reason.INVALID_SUBJECT, ACKNOWLEDGED);
        spans.deadLettered(
                envelope("traceparent", SAMPLED), event(null), address, Reason.PAYLOAD_TOO_LARGE, ACKNOWLEDGED);
        spans.deadLettered(null, event("[\"" + SAMPLED + "\"]"), address, Reason.INVALID_HEADERS, ACKNOWLEDGED);

        assertThat(collector.spans).hasSize(2).allSatisfy(span -> {
            assertThat(span.getName()).isEqualTo("outbox dead letter");
            assertThat(span.getParentSpanId()).isEqualTo(SPAN);
            assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
            assertThat(span.getStartEpochNanos()).isEqualTo(COMMITTED * 1_000);
        });
        assertThat(collector.spans)
                .extracting(span -> attributes(span).get("error.type"))
                .containsExactly("invalid_subject", "payload_too_large");
    }

    @Test
    void no_more_spans_are_made_than_may_wait_and_the_others_are_counted() {
        Spans spans = spans(1);
        for (int i = 0; i < 10; i++) {
            spans.published(envelope(), 1, false, ACKNOWLEDGED);
        }

        assertThat(collector.spans).hasSize(3);
        assertThat(counted).isEqualTo(Map.of(Outcome.DROPPED, 7L));

        collector.take();
        spans.published(envelope(), 1, false, ACKNOWLEDGED);
        collector.refuse(new ConnectException("refused"));
        spans.published(envelope(), 1, false, ACKNOWLEDGED);

        assertThat(counted).isEqualTo(Map.of(Outcome.DROPPED, 7L, Outcome.EXPORTED, 3L, Outcome.FAILED, 1L));
        assertThat(waiting.size()).isEqualTo(1);
    }

    @Test
    void a_bug_on_the_way_costs_a_span_and_nothing_else() {
        Spans broken = new Spans(
                name -> {
                    throw new IllegalStateException("a bug");
                },
                1,
                waiting,
                losses,
                count,
                () -> {});

        broken.published(envelope(), 1, false, ACKNOWLEDGED);
        broken.deadLettered(null, event(null), address, Reason.INVALID_SUBJECT, ACKNOWLEDGED);

        assertThat(counted).isEqualTo(Map.of(Outcome.DROPPED, 2L));
        assertThat(waiting.size()).isZero();
    }

    @Test
    void once_it_is_abandoned_nothing_more_is_sent() {
        Spans spans = spans(1);
        exporter.abandon();

        spans.published(envelope(), 1, false, ACKNOWLEDGED);

        assertThat(collector.spans).isEmpty();
        assertThat(counted).isEqualTo(Map.of(Outcome.DROPPED, 1L));
        assertThat(waiting.size()).isZero();
    }

    @Test
    void what_is_said_of_a_failure_shows_no_more_than_its_kind_unless_it_comes_from_the_network() {
        assertThat(CountingExporter.words(null)).isNotBlank();
        assertThat(CountingExporter.words(new IllegalStateException("x", new IOException("a\n b", new Error("c")))))
                .isEqualTo("IOException: a; b");
        assertThat(CountingExporter.words(new IllegalStateException(new ConnectException())))
                .isEqualTo("ConnectException");
        assertThat(CountingExporter.words(new IllegalArgumentException("invalid header value: secret")))
                .isEqualTo("IllegalArgumentException");
    }
}
