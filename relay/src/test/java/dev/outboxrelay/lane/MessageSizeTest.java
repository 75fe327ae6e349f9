package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.AttributeTemplate;
import dev.outboxrelay.config.EventFormat;
import dev.outboxrelay.config.EventSettings;
import dev.outboxrelay.event.AsciiBuffer;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Position;
import dev.outboxrelay.event.SlotIdentity;
import dev.outboxrelay.route.CloudEvents;
import dev.outboxrelay.route.Envelope;
import io.nats.client.impl.Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Compares with what the client library puts on the wire. */
final class MessageSizeTest {

    private static Position position(String id, long number) {
        return new Position(
                number,
                new SlotIdentity(number, 1, "outbox_relay"),
                new Lsn(number),
                new Lsn(number / 2),
                number,
                new EventId(id));
    }

    /** What the publisher sends, built apart from it. */
    private static int onTheWire(Envelope envelope, Position position, long expected) {
        Headers headers = new Headers();
        for (Header header : envelope.headers()) {
            headers.add(header.name(), header.value());
        }
        headers.add("Nats-Msg-Id", envelope.event().id().value());
        headers.add("Nats-Expected-Stream", envelope.address().stream().value());
        headers.add("Nats-Expected-Last-Sequence", Long.toString(expected));
        headers.add("Outbox-Tenant", envelope.address().headerValue());
        headers.add("Outbox-Committed-At", "2026-11-22T10:11:12.123456Z");
        headers.add("Outbox-Position", position.encode());
        return headers.getSerialized().length + envelope.event().payload().size();
    }

    @Test
    void is_what_the_wire_takes_when_the_sequence_has_all_its_digits() {
        Envelope envelope = Items.envelope("acme", "e-1", "s", new byte[100], List.of(new Header("a", "b")));
        Position position = position("e-1", 12_345);

        assertThat(MessageSize.of(envelope, position, CloudEvents.OFF))
                .isEqualTo(onTheWire(envelope, position, Long.MAX_VALUE));
    }

    @Test
    void is_never_less_than_the_wire_takes_and_hardly_more() {
        SplittableRandom random = new SplittableRandom(8);
        for (int i = 0; i < 5_000; i++) {
            List<Header> headers = new ArrayList<>();
            for (int n = random.nextInt(5); n > 0; n--) {
                headers.add(new Header("h".repeat(1 + random.nextInt(20)) + n, "v".repeat(random.nextInt(50))));
            }
            String id = "i".repeat(1 + random.nextInt(256));
            String tenant = (i % 2 == 0 ? "t" : "É").repeat(1 + random.nextInt(32));
            Envelope envelope = Items.envelope(tenant, id, "s", new byte[random.nextInt(5_000)], headers);
            long number = random.nextLong(Long.MAX_VALUE) >>> random.nextInt(63);
            Position position = position(id, number);
            assertThat(MessageSize.of(envelope, position, CloudEvents.OFF) - onTheWire(envelope, position, number))
                    .isBetween(0L, 18L);
        }
    }

    @Test
    void attributes_of_cloud_events_count() {
        CloudEvents attributes = CloudEvents.of(new EventSettings(
                EventFormat.CLOUDEVENTS,
                AttributeTemplate.parseReference("/outbox/{tenant}").orElseThrow(),
                AttributeTemplate.parse("{subject}").orElseThrow(),
                null,
                "text/plain"));
        Envelope envelope = Items.envelope("acme", "e-1", "größe", new byte[10_000], List.of());
        Position position = position("e-1", 7);
        long size = MessageSize.of(envelope, position, attributes);

        assertThat(size)
                .isEqualTo(MessageSize.of(envelope, position, CloudEvents.OFF)
                        + attributes.append(envelope, new AsciiBuffer(16)).length());
        assertThat(MessageSize.exceeds(size, envelope, position, attributes)).isFalse();
        assertThat(MessageSize.exceeds(size - 1, envelope, position, attributes))
                .isTrue();
    }

    @Test
    void the_bound_is_the_servers_own() {
        Envelope envelope = Items.envelope("acme", "e-1", "s", new byte[10_000], List.of());
        Position position = position("e-1", 7);
        long size = MessageSize.of(envelope, position, CloudEvents.OFF);

        assertThat(MessageSize.exceeds(size, envelope, position, CloudEvents.OFF))
                .isFalse();
        assertThat(MessageSize.exceeds(size - 1, envelope, position, CloudEvents.OFF))
                .isTrue();
        assertThat(MessageSize.exceeds(1 << 20, envelope, position, CloudEvents.OFF))
                .isFalse();
    }
}
