package dev.outboxrelay.spill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.lane.Item;
import dev.outboxrelay.lane.Rejection;
import dev.outboxrelay.route.Envelope;
import dev.outboxrelay.route.Routed;
import dev.outboxrelay.route.Router;
import dev.outboxrelay.watermark.Ticket;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ItemCodecTest {

    private final Router router = new Router(Naming.STRICT);
    private final ItemCodec codec = new ItemCodec(router::route);

    private static OutboxEvent event(@Nullable String headers, byte[] payload) {
        TableName table = new TableName("shop", "outbox");
        return new OutboxEvent(
                EventId.of(table, "42"),
                new RowRef(table, "42"),
                "acme",
                "events.größer.日本",
                headers,
                Payload.of(payload),
                new Origin(new Lsn(-7), new Lsn(1L << 40), 1_764_000_000_123_456L));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"{}", "{\"trace\":\"a\",\"name\":\"Zoe\"}"})
    void an_event_to_publish_comes_back_with_the_same_envelope(@Nullable String headers) throws IOException {
        Routed routed = router.route(new Decoded.Event(event(headers, new byte[] {0, -1, 10, 13})));
        Envelope envelope = ((Routed.Deliverable) routed).envelope();

        Item back = codec.decode(codec.encode(Item.deliverable(new Ticket(3), envelope)));

        assertThat(back.ticket()).isEqualTo(new Ticket(3));
        Envelope same = Objects.requireNonNull(back.envelope());
        assertThat(same).usingRecursiveComparison().isEqualTo(envelope);
        assertThat(back.rejection()).isNull();
        assertThat(back.isAgain()).isFalse();
    }

    @Test
    void a_large_payload_and_large_headers_come_back() throws IOException {
        byte[] payload = new byte[900_000];
        payload[899_999] = 1;
        String headers = "{\"long\":\"" + "ü".repeat(50_000) + "\"}";
        Rejection rejection = new Rejection(Reason.INVALID_HEADERS, "header 'long' is too long");

        Item back = codec.decode(codec.encode(Item.rejected(new Ticket(4), event(headers, payload), rejection)));

        assertThat(back.event()).usingRecursiveComparison().isEqualTo(event(headers, payload));
        assertThat(back.rejection()).isEqualTo(rejection);
    }

    @Test
    void one_that_came_again_keeps_its_place_in_the_table() throws IOException {
        Item back = codec.decode(codec.encode(Item.again(new Ticket(5), event(null, new byte[9]), 77)));

        assertThat(back.isAgain()).isTrue();
        assertThat(back.tableSeq()).isEqualTo(77);
        assertThat(back.event().id()).isEqualTo(event(null, new byte[0]).id());
    }

    @Test
    void what_a_routing_rule_said_stays_although_it_says_something_else_by_now() throws IOException {
        OutboxEvent event = event("{\"a\":\"1\"}", new byte[] {1});
        Envelope plain = ((Routed.Deliverable) router.route(new Decoded.Event(event))).envelope();
        Envelope moved = new Envelope(
                event,
                plain.address(),
                plain.address().prefix() + "moved",
                List.of(new Header("a", "1"), new Header("X", "2")),
                "rule");

        Item rewritten = codec.decode(codec.encode(Item.deliverable(new Ticket(4), moved)));
        Item dropped = codec.decode(codec.encode(Item.dropped(new Ticket(5), event, "rule")));
        Item ruledOut = codec.decode(codec.encode(
                Item.rejected(new Ticket(6), event, new Rejection(Reason.ROUTED_TO_DEAD_LETTER, "rule 'x'", true))));

        assertThat(rewritten.ticket()).isEqualTo(new Ticket(4));
        assertThat(rewritten.envelope()).usingRecursiveComparison().isEqualTo(moved);
        assertThat(dropped.ticket()).isEqualTo(new Ticket(5));
        assertThat(dropped.droppedBy()).isEqualTo("rule");
        assertThat(dropped.event()).usingRecursiveComparison().isEqualTo(event);
        assertThat(ruledOut.rejection()).isEqualTo(new Rejection(Reason.ROUTED_TO_DEAD_LETTER, "rule 'x'", true));
    }
}
