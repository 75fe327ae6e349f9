package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import io.nats.client.Message;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tables of an application's own beside the native one, granted and published as the schema's README says. */
final class MappedTableIT {

    private static Outbox outbox;
    private static TestNats nats;
    private static Connection client;
    private static RelayRig rig;
    private static Neighbours neighbours;

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("mapped");
        outbox.execute("""
                CREATE SCHEMA shop;
                CREATE TABLE shop.outbox (id uuid PRIMARY KEY, tenant text, aggregatetype text NOT NULL,
                  aggregateid text NOT NULL, type text NOT NULL, payload jsonb, secret text);
                CREATE TABLE shop.text_box (id bigint PRIMARY KEY, tenant_id text, aggregatetype text,
                  aggregateid text, type text, payload text);
                """);
        // as schema/README.md, "Adding an outbox table of your own"
        outbox.execute("""
                ALTER PUBLICATION outbox ADD TABLE shop.outbox (id, tenant, aggregatetype, aggregateid, type, payload);
                GRANT USAGE ON SCHEMA shop TO outbox_relay;
                GRANT SELECT ON shop.outbox TO outbox_relay;
                """);
        outbox.execute("""
                ALTER PUBLICATION outbox ADD TABLE shop.text_box (id, tenant_id, aggregatetype, aggregateid, type, payload);
                GRANT SELECT, DELETE, UPDATE (id) ON shop.text_box TO outbox_relay;
                """);
        rig = outbox.relay(
                nats,
                Map.of(
                        "outbox.source.tables[0].table", "shop.outbox",
                        "outbox.source.tables[0].preset", "debezium",
                        "outbox.source.tables[0].tenant-column", "tenant",
                        "outbox.source.tables[1].table", "shop.text_box",
                        "outbox.source.tables[1].subject", "text.{aggregateid}.{type}",
                        "outbox.source.tables[1].settle", "delete"));
        neighbours = Neighbours.beside(outbox, client);
    }

    @AfterAll
    static void everybody_else_was_left_alone() throws Exception {
        try {
            neighbours.finish();
            outbox.awaitAllMarked(Duration.ofSeconds(20));
        } finally {
            neighbours.leave();
            rig.close();
            nats.close();
            outbox.close();
        }
    }

    @Test
    void rows_of_all_tables_share_their_tenants_stream_in_commit_order() throws Exception {
        Row first = Row.of("acme");
        Row last = Row.of("acme");
        Row ownId = Row.of("acme");
        outbox.insert(first);
        outbox.execute("INSERT INTO shop.outbox VALUES ('" + ownId.id()
                + "', 'acme', 'order', '4711', 'created', '{\"total\": 7}', 'not published')");
        outbox.execute("INSERT INTO shop.text_box VALUES (7, 'acme', 'order', 'o-4711', 'paid', 'größe')");
        outbox.insert(last);

        Await.until("4 messages", () -> Streams.size(client, Streams.of("acme")) == 4);

        List<Message> messages = Streams.messages(client, Streams.of("acme"));
        assertThat(messages.stream().map(Streams::id))
                .containsExactly(first.id(), "shop.outbox:" + ownId.id(), "shop.text_box:7", last.id());
        assertThat(messages.stream().map(Message::getSubject))
                .containsExactly(
                        "tenant.acme.events.order.created",
                        "tenant.acme.order.created",
                        "tenant.acme.text.o-4711.paid",
                        "tenant.acme.events.order.created");
        assertThat(text(messages.get(1))).isEqualTo("{\"total\": 7}");
        assertThat(text(messages.get(2))).isEqualTo("größe");
        assertThat(messages.get(1).getHeaders().getFirst("Outbox-Tenant")).isEqualTo("acme");
        assertThat(messages.get(1).getHeaders().keySet())
                .containsExactlyInAnyOrder(
                        "Nats-Msg-Id",
                        "Nats-Expected-Stream",
                        "Nats-Expected-Last-Sequence",
                        "Outbox-Tenant",
                        "Outbox-Committed-At",
                        "Outbox-Position");
        Await.until("the row of the table with settle delete is gone", () -> rows("shop.text_box") == 0);
        assertThat(rows("shop.outbox WHERE tenant = 'acme'")).isOne();
    }

    @Test
    void a_mapped_row_without_a_payload_is_a_message_without_bytes() throws Exception {
        Row ids = Row.of("tombstones");
        outbox.execute(
                "INSERT INTO shop.outbox VALUES ('" + ids.id() + "', 'tombstones', 'order', '1', 'deleted', NULL)");

        Await.until("a message", () -> Streams.size(client, Streams.of("tombstones")) == 1);

        assertThat(Streams.messages(client, Streams.of("tombstones")).get(0).getData())
                .isEmpty();
    }

    @Test
    void a_mapped_row_is_judged_like_any_other() throws Exception {
        Row row = Row.of("judged");
        Row good = Row.of("judged");
        outbox.execute("INSERT INTO shop.outbox VALUES ('" + row.id() + "', 'judged', 'order', '1', 'a b', '[1, 2]')");
        outbox.insert(good);

        Await.until(
                "the good row goes through", () -> Streams.ids(client, "judged").equals(List.of(good.id())));

        assertThat(outbox.value("SELECT concat_ws(' ', source, event_id, reason, subject, encode(payload, 'escape'))"
                        + " FROM outbox.dead_letter WHERE tenant_id = 'judged'"))
                .isEqualTo("shop.outbox shop.outbox:" + row.id() + " invalid_subject order.a b [1, 2]");
    }

    private static String text(Message message) {
        return new String(message.getData(), StandardCharsets.UTF_8);
    }

    private static int rows(String table) throws SQLException {
        try (var superuser = outbox.superuser();
                var statement = superuser.createStatement();
                var result = statement.executeQuery("SELECT count(*) FROM " + table)) {
            result.next();
            return result.getInt(1);
        }
    }
}
