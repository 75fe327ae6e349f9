package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.config.Reader;
import dev.outboxrelay.config.TlsFiles;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Certificates;
import dev.outboxrelay.testing.FreePorts;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import dev.outboxrelay.tls.PemContext;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StreamConfiguration;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The spans that a collector gets of events, and that no collector is ever in an event's way. */
final class TracingIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String PARENT = "00f067aa0ba902b7";
    private static final String SAMPLED = "00-" + TRACE + "-" + PARENT + "-01";
    private static final String UNSAMPLED = "00-" + TRACE + "-" + PARENT + "-00";
    private static final String UNREADABLE = SAMPLED.toUpperCase(Locale.ROOT);

    /** More than may wait, and more than one batch. */
    private static final int MANY = 5_000;

    private static int databases;

    @TempDir
    private Path folder;

    private TestNats nats;
    private Connection client;
    private Outbox outbox;
    private Collector collector;

    @BeforeEach
    void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("tracing_" + databases++);
        collector = Collector.start();
    }

    @AfterEach
    void stop() throws Exception {
        collector.close();
        nats.close();
        outbox.close();
    }

    private Map<String, String> tracing(Map<String, String> more) {
        Map<String, String> all = new TreeMap<>(Map.of("outbox.tracing.endpoint", "http://" + collector.hostAndPort()));
        all.putAll(more);
        return all;
    }

    private static Row traced(String tenant, String traceparent) {
        return Row.of(tenant).withHeaders("{\"traceparent\": \"" + traceparent + "\"}");
    }

    private List<Message> await(String stream, int size) throws Exception {
        Await.until(size + " messages in " + stream, PATIENCE, () -> Streams.size(client, stream) == size);
        return Streams.messages(client, stream);
    }

    private static long nanos(Instant time) {
        return ChronoUnit.NANOS.between(Instant.EPOCH, time);
    }

    @ParameterizedTest
    @EnumSource(Reader.class)
    void a_row_with_a_sampled_traceparent_has_a_span_from_its_commit_to_its_puback(Reader reader) throws Exception {
        String odd = "Bürö 100%";
        Address address = Address.of(odd, Naming.ENCODE).orElseThrow();
        Row first = Row.of("acme")
                .withHeaders("{\"traceparent\": \"" + SAMPLED + "\", \"tracestate\": \"a=1,b@c=2\", \"x\": \"alice\"}");
        Row other = Row.of(odd).withHeaders("{\"TraceParent\": \"" + SAMPLED + "\"}");
        Row dead = new Row(Row.of("acme").id(), "acme", "two..dots", first.payload(), first.headers());
        String emitted;
        try (RelayRig relay = outbox.relay(
                nats,
                tracing(Map.of(
                        "outbox.naming", "encode",
                        "outbox.source.reader", reader.name().toLowerCase(Locale.ROOT),
                        "outbox.tracing.service-name", "shop-relay")))) {
            relay.awaitStreaming();
            outbox.insert(
                    first,
                    Row.of("acme"),
                    traced("acme", UNSAMPLED),
                    traced("acme", UNREADABLE),
                    Row.of("acme").withHeaders("{\"traceparent\": \"\"}"),
                    other,
                    dead);
            emitted = outbox.emit(traced("acme", SAMPLED)).get(0);
            await(address.stream().value(), 1);
            await("TENANT_ACME", 6);
            outbox.awaitAllMarked(PATIENCE);
        }

        assertThat(collector.spans())
                .extracting(Collector.Got::eventId)
                .containsExactlyInAnyOrder(first.id(), other.id(), dead.id(), emitted);
        List<Message> acme = Streams.messages(client, "TENANT_ACME");
        assertStored(find(first.id()), acme.get(0), "acme");
        assertThat(find(first.id()).span().getTraceState()).isEqualTo("a=1,b@c=2");
        assertStored(find(emitted), acme.get(5), "acme");
        assertStored(
                find(other.id()),
                Streams.messages(client, address.stream().value()).get(0),
                odd);
        Collector.Got letter = find(dead.id());
        assertThat(letter.span().getName()).isEqualTo("outbox dead letter");
        assertThat(letter.span().getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
        assertThat(letter.attributes()).containsEntry("error.type", "invalid_subject");
        assertThat(letter.parentId()).isEqualTo(PARENT);
        assertThat(collector.spans().toString()).doesNotContain("alice").doesNotContain("row " + first.id());
        // passed on as they are, whatever is made of them here
        assertThat(acme.get(0).getHeaders().getFirst("tracestate")).isEqualTo("a=1,b@c=2");
        assertThat(acme.get(2).getHeaders().getFirst("traceparent")).isEqualTo(UNSAMPLED);
        assertThat(acme.get(3).getHeaders().getFirst("traceparent")).isEqualTo(UNREADABLE);
    }

    private Collector.Got find(String eventId) {
        return collector.spans().stream()
                .filter(span -> span.eventId().equals(eventId))
                .findFirst()
                .orElseThrow();
    }

    private static void assertStored(Collector.Got got, Message message, String tenant) {
        Span span = got.span();
        assertThat(got.resource()).containsEntry("service.name", "shop-relay").containsEntry("service.version", "test");
        assertThat(got.traceId()).isEqualTo(TRACE);
        assertThat(got.parentId()).isEqualTo(PARENT);
        assertThat(span.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_PRODUCER);
        assertThat(span.getName()).isEqualTo("outbox publish");
        assertThat(got.attributes())
                .containsEntry("messaging.destination.name", message.metaData().getStream())
                .containsEntry("outbox.stream.sequence", message.metaData().streamSequence())
                .containsEntry("outbox.tenant", tenant);
        String committed = message.getHeaders().getFirst("Outbox-Committed-At");
        assertThat(span.getStartTimeUnixNano())
                .isEqualTo(nanos(OffsetDateTime.parse(committed).toInstant()));
        Instant stored = message.metaData().timestamp().toInstant().truncatedTo(ChronoUnit.MICROS);
        assertThat(span.getEndTimeUnixNano())
                .isGreaterThanOrEqualTo(nanos(stored))
                .isLessThanOrEqualTo(nanos(Instant.now()));
        String traceparent = message.getHeaders().getFirst("traceparent");
        assertThat(traceparent == null ? message.getHeaders().getFirst("TraceParent") : traceparent)
                .isEqualTo(SAMPLED);
    }

    @Test
    void with_a_sample_rows_without_a_traceparent_begin_a_trace() throws Exception {
        Row bare = Row.of("acme");
        Row unreadable = traced("acme", UNREADABLE);
        try (RelayRig relay = outbox.relay(nats, tracing(Map.of("outbox.tracing.sample", "1")))) {
            relay.awaitStreaming();
            outbox.insert(bare, unreadable, traced("acme", UNSAMPLED));
            await("TENANT_ACME", 3);
            outbox.awaitAllMarked(PATIENCE);
        }

        assertThat(collector.spans())
                .extracting(Collector.Got::eventId)
                .containsExactlyInAnyOrder(bare.id(), unreadable.id());
        assertThat(collector.spans()).extracting(Collector.Got::parentId).containsOnly("");
        assertThat(collector.spans())
                .extracting(Collector.Got::traceId)
                .doesNotHaveDuplicates()
                .doesNotContain(TRACE);
    }

    @Test
    void the_span_of_a_parked_event_begins_at_its_commit_all_the_same() throws Exception {
        StreamConfiguration.Builder full = Streams.preparedFor("full").discardPolicy(DiscardPolicy.New);
        client.jetStreamManagement().addStream(full.maxMessages(1).build());
        Row first = traced("full", SAMPLED);
        Row parked = traced("full", SAMPLED);
        try (RelayRig relay = outbox.relay(nats, tracing(Map.of("outbox.lanes.park-after", "300ms")))) {
            relay.awaitStreaming();
            outbox.insert(first, parked);
            Await.until("it is parked", PATIENCE, () -> outbox.count("outbox.dead_letter WHERE state = 'parked'") == 1);

            client.jetStreamManagement().updateStream(full.maxMessages(100).build());

            await("TENANT_FULL", 2);
            outbox.awaitAllMarked(PATIENCE);
        }

        Message late = Streams.messages(client, "TENANT_FULL").get(1);
        String committed = late.getHeaders().getFirst("Outbox-Committed-At");
        assertThat(collector.spans())
                .extracting(Collector.Got::eventId)
                .containsExactlyInAnyOrder(first.id(), parked.id());
        assertThat(find(first.id()).attributes()).doesNotContainKey("outbox.late");
        assertThat(find(parked.id()).attributes())
                .containsEntry("outbox.late", true)
                .containsEntry("outbox.stream.sequence", 2L);
        assertThat(find(parked.id()).span().getStartTimeUnixNano())
                .isEqualTo(nanos(OffsetDateTime.parse(committed).toInstant()))
                .isEqualTo(find(first.id()).span().getStartTimeUnixNano());
    }

    @ParameterizedTest
    @ValueSource(strings = {"HANGS", "REFUSES", "away"})
    void a_collector_in_trouble_is_in_no_events_way(String trouble) throws Exception {
        String endpoint = "http://" + collector.hostAndPort();
        if (trouble.equals("away")) {
            endpoint = "http://127.0.0.1:" + FreePorts.next();
        } else {
            collector.mood(Collector.Mood.valueOf(trouble));
        }
        Map<String, String> settings = outbox.settings(nats, Map.of("outbox.tracing.endpoint", endpoint));
        try (RelayProcess relay = RelayProcess.start(settings, folder.resolve("relay.log"))) {
            relay.awaitReady();
            insertMany();

            ExactlyOnce.demand(outbox, client);

            Await.until("spans are lost", PATIENCE, () -> lost(relay) > 0);
            assertThat(spans(relay::page, "exported")).isZero();
            if (trouble.equals("HANGS")) {
                assertThat(collector.requests()).isEqualTo(1);
                assertThat(spans(relay::page, "dropped")).isEqualTo(MANY - 2_048);
            } else {
                Await.until("every span is lost and counted", PATIENCE, () -> lost(relay) == MANY);
            }
            long begin = System.nanoTime();
            assertThat(relay.terminate(Duration.ofSeconds(12))).isZero();
            // a span or two more may have been lost, and nothing has waited for a collector's ten seconds
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(8));
            assertThat(relay.log().lines().filter(line -> line.contains("spans are lost; events are published")))
                    .hasSize(1);
            assertThat(relay.log()).doesNotContain("io.opentelemetry").doesNotContain("WARNING");
        }
        assertThat(collector.spans()).isEmpty();
    }

    private void insertMany() throws Exception {
        try (java.sql.Connection writer = outbox.as(TestPostgres.WRITER)) {
            writer.setAutoCommit(false);
            for (int i = 0; i < MANY / 500; i++) {
                List<Row> rows = new ArrayList<>();
                for (int j = 0; j < 500; j++) {
                    rows.add(traced(j % 3 == 0 ? "small" : "large", SAMPLED));
                }
                Outbox.insert(writer, rows);
                writer.commit();
            }
        }
    }

    private static long lost(RelayProcess relay) throws Exception {
        return spans(relay::page, "dropped") + spans(relay::page, "failed");
    }

    /** Fetches a page of a relay's admin server. */
    private interface Pages {
        @Nullable
        String get(String path) throws Exception;
    }

    private static @Nullable String page(RelayRig relay, String path) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + relay.relay().adminPort() + path);
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static long spans(Pages relay, String outcome) throws Exception {
        String page = Await.value("its metrics", PATIENCE, () -> relay.get("/metrics"));
        String sample = "outbox_relay_spans_total{outcome=\"" + outcome + "\"} ";
        return page.lines()
                .filter(line -> line.startsWith(sample))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(sample.length())))
                .findFirst()
                .orElse(-1);
    }

    @Test
    void a_collector_that_comes_back_gets_spans_again() throws Exception {
        collector.mood(Collector.Mood.REFUSES);
        try (RelayRig relay = outbox.relay(nats, tracing(Map.of()))) {
            relay.awaitStreaming();
            outbox.insert(traced("acme", SAMPLED));
            Await.until("it is refused", PATIENCE, () -> collector.requests() > 0);

            collector.mood(Collector.Mood.TAKES);

            Row next = traced("acme", SAMPLED);
            outbox.insert(next);
            Await.until(
                    "the next one is taken", PATIENCE, () -> !collector.spans().isEmpty());
            assertThat(collector.spans()).extracting(Collector.Got::eventId).containsExactly(next.id());
        }
    }

    @Test
    void a_killed_relay_loses_spans_and_makes_none_twice() throws Exception {
        Map<String, String> settings = outbox.settings(nats, tracing(Map.of("outbox.tracing.sample", "1")));
        Path log = folder.resolve("relay.log");
        try (Load load = Load.start(outbox, List.of("acme", "small", "__-Oddly-NAMED-0_"), 3, 20_261_127)) {
            try (RelayProcess relay = RelayProcess.start(settings, log).awaitReady()) {
                Await.until("spans have come", PATIENCE, () -> collector.spans().size() > 100);

                relay.kill();
            }
            try (RelayProcess relay = RelayProcess.start(settings, log).awaitReady()) {
                Streams.awaitMore(client, 200);
                load.stop();
                ExactlyOnce.demand(outbox, client);
                assertThat(relay.terminate(Duration.ofSeconds(12))).isZero();
            }
        }

        Set<String> committed = new HashSet<>();
        outbox.committed().values().forEach(committed::addAll);
        assertThat(collector.spans()).extracting(Collector.Got::eventId).doesNotHaveDuplicates();
        assertThat(committed)
                .containsAll(
                        collector.spans().stream().map(Collector.Got::eventId).toList());
    }

    @Test
    void a_collector_with_tls_and_a_login_that_changes_and_breaks() throws Exception {
        Certificates certificates = new Certificates(folder);
        Certificates.Pair authority = certificates.authority("authority");
        Certificates.Pair own = certificates.signed(authority, "collector", "collector", "IP:127.0.0.1");
        Path headers = Certificates.write(folder.resolve("headers"), "Authorization: Bearer one");
        try (Collector secure =
                        Collector.start(PemContext.read(new TlsFiles("test", null, own.certificate(), own.key())));
                RelayRig relay = outbox.relay(
                        nats,
                        Map.of(
                                "outbox.tracing.endpoint", "https://" + secure.hostAndPort(),
                                "outbox.tracing.tls.ca-file",
                                        authority.certificate().toString(),
                                "outbox.tracing.headers-file", headers.toString()))) {
            relay.awaitStreaming();
            outbox.insert(traced("acme", SAMPLED));
            Await.until("the first span", PATIENCE, () -> secure.spans().size() == 1);

            Certificates.write(headers, "Authorization: Bearer two");
            outbox.insert(traced("acme", SAMPLED));

            Await.until("the second span", PATIENCE, () -> secure.spans().size() == 2);
            assertThat(secure.logins()).containsExactly("Bearer one", "Bearer two");

            Certificates.write(headers, "nothing that can be sent");
            outbox.insert(traced("acme", SAMPLED));

            await("TENANT_ACME", 3);
            Await.until("the third span fails", PATIENCE, () -> spans(path -> page(relay, path), "failed") == 1);
            assertThat(spans(path -> page(relay, path), "exported")).isEqualTo(2);
        }
    }

    @Test
    void files_that_cannot_be_used_are_refused_at_the_start() throws Exception {
        Path headers = Certificates.write(folder.resolve("headers"), "Bearer secret");
        try (RelayRig relay = outbox.relay(
                nats,
                tracing(Map.of(
                        "outbox.tracing.headers-file",
                        headers.toString(),
                        "outbox.tracing.tls.ca-file",
                        folder.resolve("nothing.pem").toString())))) {
            assertThat(relay.refusal().problems())
                    .hasSize(2)
                    .anySatisfy(problem -> assertThat(problem).contains("outbox.tracing.headers-file", "line 1"))
                    .anySatisfy(problem -> assertThat(problem).contains("outbox.tracing.tls.ca-file", "does not exist"))
                    .allSatisfy(problem -> assertThat(problem).doesNotContain("secret"));
        }
    }
}
