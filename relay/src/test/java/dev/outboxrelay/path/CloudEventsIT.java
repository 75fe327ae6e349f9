package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.route.CloudEventMessage;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import io.cloudevents.CloudEvent;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StreamConfiguration;
import java.net.URI;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a consumer with the SDK of CloudEvents reads, whatever way an event came. */
final class CloudEventsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static Outbox outbox;
    private static TestNats nats;
    private static Connection client;
    private static RelayRig relay;

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("cloudevents");
        relay = outbox.relay(
                nats,
                Map.of(
                        "outbox.naming", "encode",
                        "outbox.lanes.park-after", "300ms",
                        "outbox.events.format", "cloudevents",
                        "outbox.events.source", "https://shop.example.com/{tenant}",
                        "outbox.events.type", "com.example.{subject}",
                        "outbox.events.content-type", "application/json"));
        relay.awaitStreaming();
    }

    @AfterAll
    static void stop() throws Exception {
        relay.close();
        nats.close();
        outbox.close();
    }

    private static List<Message> await(String stream, int size) throws Exception {
        Await.until(size + " messages in " + stream, PATIENCE, () -> Streams.size(client, stream) == size);
        return Streams.messages(client, stream);
    }

    private static CloudEvent read(Message message) {
        Map<String, List<String>> headers = new HashMap<>();
        message.getHeaders().forEach(headers::put);
        CloudEvent event = CloudEventMessage.read(headers, message.getData());
        assertThat(event.getTime())
                .isEqualTo(OffsetDateTime.parse(message.getHeaders().getFirst("Outbox-Committed-At")));
        return event;
    }

    @Test
    void rows_and_emitted_events_with_odd_characters_and_without_a_payload() throws Exception {
        String tenant = "Bürö 100%";
        Address address = Address.of(tenant, Naming.ENCODE).orElseThrow();
        Row odd = Row.of(tenant, "größe.😀.50%.\"a\"");
        Row empty = Row.of(tenant, "nothing")
                .with(new byte[0])
                .withHeaders("{\"Content-Type\": \"text/csv; charset=utf-8\", \"ce-subject\": \"Euro%20%E2%82%AC\","
                        + " \"ce-comexampleversion\": \"7\"}");
        outbox.insert(odd, empty);
        String emitted = outbox.emit(Row.of(tenant, "order.paid")).get(0);

        List<Message> messages = await(address.stream().value(), 3);

        CloudEvent first = read(messages.get(0));
        assertThat(first.getId()).isEqualTo(odd.id());
        assertThat(first.getSource()).isEqualTo(URI.create("https://shop.example.com/" + address.token()));
        assertThat(first.getType()).isEqualTo("com.example.größe.😀.50%.\"a\"");
        assertThat(first.getDataContentType()).isEqualTo("application/json");
        assertThat(first.getData().toBytes()).isEqualTo(odd.payload().bytes());
        CloudEvent second = read(messages.get(1));
        assertThat(second.getData()).isNull();
        assertThat(second.getSubject()).isEqualTo("Euro €");
        assertThat(second.getDataContentType()).isEqualTo("text/csv; charset=utf-8");
        assertThat(second.getExtension("comexampleversion")).isEqualTo("7");
        assertThat(messages.get(1).getHeaders().getFirst("Content-Type")).isEqualTo("text/csv; charset=utf-8");
        CloudEvent third = read(messages.get(2));
        assertThat(third.getId()).isEqualTo(emitted).startsWith("outbox.emit:");
        assertThat(third.getType()).isEqualTo("com.example.order.paid");
    }

    @Test
    void parked_and_replayed_events_are_the_same_as_if_nothing_had_happened() throws Exception {
        StreamConfiguration.Builder full = Streams.preparedFor("full").discardPolicy(DiscardPolicy.New);
        client.jetStreamManagement().addStream(full.maxMessages(1).build());
        Row[] rows = {Row.of("full"), Row.of("full"), Row.of("full").withHeaders("{\"ce-time\": \"yesterday\"}")};
        outbox.insert(rows);
        Await.until(
                "what the stream refuses is parked, and what no reader takes is parked or dead",
                PATIENCE,
                () -> outbox.count("outbox.dead_letter WHERE tenant_id = 'full'") == 2);
        assertThat(outbox.count("outbox.dead_letter WHERE headers::text LIKE '%ce-type%'"))
                .isZero();

        client.jetStreamManagement().updateStream(full.maxMessages(100).build());

        await("TENANT_FULL", 2);
        Await.until(
                "the last one is refused",
                PATIENCE,
                () -> outbox.count("outbox.dead_letter"
                                + " WHERE tenant_id = 'full' AND state = 'dead' AND reason = 'invalid_headers'")
                        == 1);
        outbox.execute("UPDATE outbox.dead_letter SET state = 'replaying', replay_headers = '{\"ce-type\": \"mended\"}'"
                + " WHERE tenant_id = 'full' AND state = 'dead'");

        List<Message> messages = await("TENANT_FULL", 3);
        for (int i = 0; i < 3; i++) {
            CloudEvent event = read(messages.get(i));
            assertThat(event.getId()).isEqualTo(rows[i].id());
            assertThat(event.getType()).isEqualTo(i < 2 ? "com.example.events.order.created" : "mended");
            assertThat(event.getSource()).isEqualTo(URI.create("https://shop.example.com/full"));
        }
    }

    @Test
    void the_attributes_count_for_the_size_of_a_message() throws Exception {
        // the payload and the other headers alone would fit
        Row large = Row.of("large", "x".repeat(1_800)).with(new byte[(1 << 20) - 2_100]);
        outbox.insert(large);

        Await.until(
                "it is a dead letter",
                PATIENCE,
                () -> outbox.count("outbox.dead_letter"
                                + " WHERE tenant_id = 'large' AND state = 'dead' AND reason = 'payload_too_large'")
                        == 1);
    }
}
