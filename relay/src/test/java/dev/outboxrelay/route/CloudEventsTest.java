package dev.outboxrelay.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.AttributeTemplate;
import dev.outboxrelay.config.EventFormat;
import dev.outboxrelay.config.EventSettings;
import dev.outboxrelay.config.Naming;
import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.event.AsciiBuffer;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.rule.RouteRules;
import io.cloudevents.CloudEvent;
import io.cloudevents.SpecVersion;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CloudEventsTest {

    private static final TableName ORDERS = new TableName("shop", "outbox");

    private static CloudEvents events(String source, String type, @Nullable String subject, @Nullable String content) {
        return CloudEvents.of(new EventSettings(
                EventFormat.CLOUDEVENTS,
                AttributeTemplate.parseReference(source).orElseThrow(),
                AttributeTemplate.parse(type).orElseThrow(),
                subject == null ? null : AttributeTemplate.parse(subject).orElseThrow(),
                content));
    }

    private static final CloudEvents DEFAULTS = events("/outbox/{tenant}", "{subject}", null, null);

    private static OutboxEvent event(String tenant, String id, String subject, @Nullable String headers) {
        return new OutboxEvent(
                new EventId(id),
                new RowRef(ORDERS, id),
                tenant,
                subject,
                headers,
                Payload.of("payload".getBytes(StandardCharsets.UTF_8)),
                new Origin(new Lsn(9), new Lsn(8), 1_763_806_272_123_456L));
    }

    private static Envelope envelope(String tenant, String id, String subject, Header... headers) {
        Address address = Address.of(tenant, Naming.ENCODE).orElseThrow();
        return new Envelope(event(tenant, id, subject, null), address, address.prefix() + subject, List.of(headers));
    }

    /** The headers of the message, as a client has them. */
    private static Map<String, List<String>> headers(CloudEvents events, Envelope envelope) {
        Map<String, List<String>> all = new LinkedHashMap<>();
        envelope.headers().forEach(own -> add(all, own.name(), own.value()));
        String block = events.append(envelope, new AsciiBuffer(16)).toString();
        for (String line : block.split("\r\n", -1)) {
            if (!line.isEmpty()) {
                int colon = line.indexOf(':');
                add(all, line.substring(0, colon), line.substring(colon + 1));
            }
        }
        return all;
    }

    private static void add(Map<String, List<String>> headers, String name, String value) {
        headers.computeIfAbsent(name, unseen -> new ArrayList<>()).add(value);
    }

    private static CloudEvent read(CloudEvents events, Envelope envelope) {
        return CloudEventMessage.read(
                headers(events, envelope), envelope.event().payload().bytes());
    }

    @Test
    void an_event_has_what_every_event_needs() {
        CloudEvent event = read(DEFAULTS, envelope("acme", "shop.outbox:17", "events.order.created"));

        assertThat(event.getSpecVersion()).isEqualTo(SpecVersion.V1);
        assertThat(event.getId()).isEqualTo("shop.outbox:17");
        assertThat(event.getSource()).isEqualTo(URI.create("/outbox/acme"));
        assertThat(event.getType()).isEqualTo("events.order.created");
        assertThat(event.getTime()).isEqualTo(OffsetDateTime.parse("2025-11-22T10:11:12.123456Z"));
        assertThat(event.getAttributeNames()).containsExactlyInAnyOrder("specversion", "id", "source", "type", "time");
        assertThat(event.getExtensionNames()).isEmpty();
    }

    @Test
    void templates_say_source_type_and_subject_and_the_payloads_type_is_the_rows_or_the_settings() {
        CloudEvents events = events(
                "https://shop.example.com/{tenant}/{table}#{subject}",
                "com.example.{table}.{subject}.v1",
                "{tenant}/{subject}",
                "application/json");
        CloudEvent plain = read(events, envelope("acme", "1", "order.created"));
        CloudEvent typed =
                read(events, envelope("acme", "1", "a", new Header("content-type", "text/csv; charset=\"utf-8\"")));

        assertThat(plain.getSource()).isEqualTo(URI.create("https://shop.example.com/acme/shop.outbox#order.created"));
        assertThat(plain.getType()).isEqualTo("com.example.shop.outbox.order.created.v1");
        assertThat(plain.getSubject()).isEqualTo("acme/order.created");
        assertThat(plain.getDataContentType()).isEqualTo("application/json");
        assertThat(typed.getDataContentType()).isEqualTo("text/csv; charset=\"utf-8\"");
    }

    @Test
    void odd_characters_arrive_and_every_source_is_a_reference() {
        CloudEvents events = events("/x/{tenant}/{subject}", "{tenant}:{subject}", "{subject}", null);
        Envelope odd = envelope("Bürö 100%", "a\"b%c", "größe.😀.50%.\"quoted\".a/b?c#d:e");

        CloudEvent event = read(events, odd);

        assertThat(event.getId()).isEqualTo("a\"b%c");
        assertThat(event.getSubject()).isEqualTo("größe.😀.50%.\"quoted\".a/b?c#d:e");
        assertThat(event.getType()).isEqualTo(odd.address().token() + ":" + event.getSubject());
        assertThat(event.getSource().getPath()).isEqualTo("/x/" + odd.address().token() + "/" + event.getSubject());
        assertThat(headers(events, odd).get("ce-subject"))
                .containsExactly("gr%C3%B6%C3%9Fe.%F0%9F%98%80.50%25.%22quoted%22.a/b?c#d:e");
    }

    @Test
    void whatever_a_row_holds_is_read_back_and_the_size_is_what_is_sent() {
        SplittableRandom random = new SplittableRandom(5);
        String[] pieces = {"a", "=", "%", "\"", "é", "😀", "€", "~", "#", "?", "/", ":", "[", "{", "\\", "%41", "'"};
        CloudEvents events = events("urn:x:{tenant}:{subject}:{table}", "{subject}", "{subject}{tenant}", null);
        for (int i = 0; i < 5_000; i++) {
            StringBuilder text = new StringBuilder("s");
            for (int n = random.nextInt(12); n > 0; n--) {
                text.append(pieces[random.nextInt(pieces.length)]);
            }
            Envelope envelope = envelope(
                    "t" + text.substring(0, Math.min(text.length(), 9)).replace('\ud83d', 'x'),
                    "id" + i,
                    text.toString());

            CloudEvent event = read(events, envelope);

            assertThat(event.getType()).isEqualTo(text.toString());
            assertThat(event.getSource().isAbsolute()).isTrue();
            int size = events.append(envelope, new AsciiBuffer(1)).length();
            assertThat(events.size(envelope)).isEqualTo(size);
            assertThat(events.sizeAtMost(envelope)).isGreaterThanOrEqualTo(size);
        }
    }

    @Test
    void the_widest_attributes_are_within_the_bound() {
        CloudEvents events = events(
                "{table}{subject}{tenant}",
                "{table}{subject}",
                "€€€{subject}".replace("€", "x"),
                "a/" + "b".repeat(90));
        for (String widest : new String[] {"€", "😀", "%", "\""}) {
            Envelope envelope =
                    envelope("É".repeat(32), widest.equals("%") ? "%".repeat(256) : "1", widest.repeat(300));
            assertThat(events.sizeAtMost(envelope)).isGreaterThanOrEqualTo(events.size(envelope));
            Envelope typed = envelope("t", "1", "s", new Header("Content-Type", "x/" + "\"".repeat(3_000)));
            assertThat(events.sizeAtMost(typed)).isGreaterThanOrEqualTo(events.size(typed));
        }
    }

    @Test
    void the_rows_own_attributes_win_whatever_their_case() {
        CloudEvents events = events("/x", "{subject}", "{subject}", "application/json");
        Envelope envelope = envelope(
                "acme",
                "1",
                "a",
                new Header("CE-ID", "own"),
                new Header("ce-type", "com.example.own"),
                new Header("Ce-Source", "https://own.example.com/%25C3"),
                new Header("ce-subject", "Euro%20%E2%82%AC"),
                new Header("ce-time", "2018-04-05T17:31:00+02:00"),
                new Header("ce-specversion", "1.0"),
                new Header("ce-datacontenttype", "text/xml"),
                new Header("ce-comexampleextension1", "value"));

        CloudEvent event = read(events, envelope);

        assertThat(event.getId()).isEqualTo("own");
        assertThat(event.getType()).isEqualTo("com.example.own");
        assertThat(event.getSource()).isEqualTo(URI.create("https://own.example.com/%C3"));
        assertThat(event.getSubject()).isEqualTo("Euro €");
        assertThat(event.getTime()).isEqualTo(OffsetDateTime.parse("2018-04-05T17:31:00+02:00"));
        assertThat(event.getDataContentType()).isEqualTo("text/xml");
        assertThat(event.getExtension("comexampleextension1")).isEqualTo("value");
        assertThat(events.size(envelope)).isZero();
    }

    @Test
    void a_row_that_is_a_whole_cloud_event_is_left_as_it_is() {
        Envelope structured =
                envelope("acme", "1", "a", new Header("content-type", "Application/CloudEvents+json; charset=utf-8"));

        assertThat(DEFAULTS.append(structured, new AsciiBuffer(16)).length()).isZero();
        assertThat(DEFAULTS.problem(List.of(structured.headers().get(0), new Header("ce-time", "never"))))
                .isEmpty();
    }

    @Test
    void nothing_is_added_or_judged_when_it_is_off() {
        assertThat(CloudEvents.OFF.isOn()).isFalse();
        assertThat(CloudEvents.OFF.size(envelope("acme", "1", "a"))).isZero();
        assertThat(CloudEvents.OFF.problem(List.of(new Header("ce-time", "never"))))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "ce-time, yesterday, RFC 3339",
        "ce-time, 2018-04-05, RFC 3339",
        "ce-specversion, 0.3, is not 1.0",
        "ce-id, '', is empty",
        "ce-type, ' ', is empty",
        "ce-source, a b, URI reference",
        "ce-source, %C3%BC, URI reference",
        "ce-dataschema, /relative, absolute URI",
        "ce-subject, 100%, percent sign",
        "ce-subject, %C0%A0, percent sign",
        "ce-subject, a%0D%0AX: y, control character",
        "ce-extension, a%C2%9Bb, control character",
        "ce-my-extension, x, letters and digits",
        "CE-MY_EXTENSION, x, letters and digits",
        "ce-, x, letters and digits",
        "ce-data, x, letters and digits",
    })
    void an_attribute_that_no_reader_takes_makes_a_dead_letter_that_may_have_been_published(
            String name, String value, String error) {
        Router router = new Router(Naming.STRICT, () -> RouteRules.NONE, DEFAULTS);
        Routed routed =
                router.route(new Decoded.Event(event("acme", "1", "a", "{\"" + name + "\": \"" + value + "\"}")));

        assertThat(routed).isInstanceOfSatisfying(Routed.RuledOut.class, out -> {
            assertThat(out.reason()).isEqualTo(Reason.INVALID_HEADERS);
            assertThat(out.error()).contains(name, error);
        });
        assertThat(new Router(Naming.STRICT)
                        .route(new Decoded.Event(event("acme", "1", "a", "{\"" + name + "\": \"" + value + "\"}"))))
                .isInstanceOf(Routed.Deliverable.class);
    }
}
