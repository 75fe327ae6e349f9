package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.impl.Headers;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** psql and any NATS client see exactly what the contract says of tables, streams, subjects and headers. */
final class ContractIT {

    private static Outbox outbox;
    private static TestNats nats;
    private static Connection client;
    private static RelayRig rig;
    private static Neighbours neighbours;

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("contract");
        // every stream limit at its default; only the replicas cannot be 3 on a single server
        Map<String, String> settings = outbox.settings(nats, Map.of());
        settings.remove("outbox.streams.duplicate-window");
        rig = RelayRig.start(settings);
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
    void a_stream_has_the_name_the_subjects_and_the_limits_of_the_contract() throws Exception {
        outbox.insert(Row.of("Acme_1-x"));

        StreamConfiguration stream = configuration("TENANT_ACME_1-X");

        assertThat(stream.getSubjects()).containsExactly("tenant.Acme_1-x.>");
        assertThat(stream.getRetentionPolicy()).isEqualTo(RetentionPolicy.Limits);
        assertThat(stream.getMaxAge()).isEqualTo(Duration.ofDays(7));
        assertThat(stream.getMaxMsgs()).isEqualTo(1_000_000);
        assertThat(stream.getDiscardPolicy()).isEqualTo(DiscardPolicy.Old);
        assertThat(stream.getStorageType()).isEqualTo(StorageType.File);
        assertThat(stream.getReplicas()).isOne();
        assertThat(stream.getDuplicateWindow()).isEqualTo(Duration.ofMinutes(2));
        assertThat(stream.getMaxBytes()).isEqualTo(-1);
        assertThat(stream.getMaximumMessageSize()).isEqualTo(-1);
        assertThat(stream.getMaxMsgsPerSubject()).isEqualTo(-1);
        assertThat(stream.getAllowDirect())
                .as("the leader answers for the last message")
                .isFalse();
        assertThat(stream.getAllowRollup()).isFalse();
        assertThat(stream.getMirror()).isNull();
        assertThat(stream.getMetadata()).containsEntry("outbox.tenant", "Acme_1-x");
        assertThat(stream.getMetadata().keySet().stream().filter(key -> !key.startsWith("_nats.")))
                .containsExactlyInAnyOrder("outbox.tenant", "outbox.policy");
    }

    @Test
    void no_stream_is_made_before_its_tenants_first_event() throws Exception {
        outbox.insert(Row.of("acme"));
        Await.until("the stream is made", () -> Streams.size(client, "TENANT_ACME") == 1);

        assertThat(client.jetStreamManagement().getStreamNames()).doesNotContain("TENANT_NOBODY");
    }

    @Test
    void a_message_has_exactly_the_headers_of_the_contract_and_the_rows_own_untouched() throws Exception {
        Row row = Row.of("headers")
                .withHeaders("{\"traceparent\": \"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\","
                        + " \"Content-Type\": \"application/json; charset=utf-8\", \"ce-id\": \"7\","
                        + " \"x-empty\": \"\", \"X-MiXeD\": \"a:b, c = d\"}");

        String transaction = outbox.insert(row, Row.of("headers"));

        Await.until("two messages", () -> Streams.size(client, "TENANT_HEADERS") == 2);
        List<Message> messages = Streams.messages(client, "TENANT_HEADERS");
        Headers headers = messages.get(0).getHeaders();
        assertThat(headers.keySet())
                .containsExactlyInAnyOrder(
                        "Nats-Msg-Id",
                        "Nats-Expected-Stream",
                        "Nats-Expected-Last-Sequence",
                        "Outbox-Tenant",
                        "Outbox-Committed-At",
                        "Outbox-Position",
                        "traceparent",
                        "Content-Type",
                        "ce-id",
                        "x-empty",
                        "X-MiXeD");
        for (String name : headers.keySet()) {
            assertThat(headers.get(name)).as("values of %s", name).hasSize(1);
        }
        assertThat(headers.getFirst("Nats-Msg-Id")).isEqualTo(row.id());
        assertThat(headers.getFirst("Nats-Expected-Stream")).isEqualTo("TENANT_HEADERS");
        assertThat(headers.getFirst("Nats-Expected-Last-Sequence")).isEqualTo("0");
        assertThat(messages.get(1).getHeaders().getFirst("Nats-Expected-Last-Sequence"))
                .isEqualTo("1");
        assertThat(headers.getFirst("Outbox-Tenant")).isEqualTo("headers");
        assertThat(headers.getFirst("Outbox-Committed-At"))
                .isEqualTo(superuser("SELECT to_char(pg_xact_commit_timestamp('" + transaction
                        + "') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"));
        assertThat(headers.getFirst("Outbox-Position"))
                .matches("1;[0-9]+;" + superuser("SELECT system_identifier FROM pg_control_system()") + ";1;"
                        + outbox.slot() + ";[0-9A-F]+/[0-9A-F]+;[0-9A-F]+/[0-9A-F]+;[0-9]+;" + row.id());
        assertThat(headers.getFirst("traceparent"))
                .isEqualTo("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        assertThat(headers.getFirst("Content-Type")).isEqualTo("application/json; charset=utf-8");
        assertThat(headers.getFirst("ce-id")).isEqualTo("7");
        assertThat(headers.getFirst("x-empty")).isEmpty();
        assertThat(headers.getFirst("X-MiXeD")).isEqualTo("a:b, c = d");
        assertThat(messages.get(0).getData()).isEqualTo(row.payload().bytes());
    }

    @Test
    void headers_of_null_json_null_and_an_empty_object_add_nothing() throws Exception {
        outbox.insert(
                Row.of("plain"),
                Row.of("plain").withHeaders("null"),
                Row.of("plain").withHeaders("{}"));

        Await.until("three messages", () -> Streams.size(client, "TENANT_PLAIN") == 3);

        for (Message message : Streams.messages(client, "TENANT_PLAIN")) {
            assertThat(message.getHeaders().keySet()).hasSize(6);
        }
    }

    @Test
    void a_subject_is_put_under_its_tenant_unless_it_is_there_already() throws Exception {
        outbox.insert(
                Row.of("own", "events.order.created"),
                Row.of("own", "tenant.own.events.order.paid"),
                Row.of("own", "tenants.of.a.house"),
                Row.of("own", "x"),
                Row.of("own", "$JS.API.STREAM.DELETE.TENANT_SILENT"),
                Row.of("own", "_INBOX.x"));

        Await.until("six messages", () -> Streams.size(client, "TENANT_OWN") == 6);

        assertThat(Streams.messages(client, "TENANT_OWN").stream().map(Message::getSubject))
                .containsExactly(
                        "tenant.own.events.order.created",
                        "tenant.own.events.order.paid",
                        "tenant.own.tenants.of.a.house",
                        "tenant.own.x",
                        "tenant.own.$JS.API.STREAM.DELETE.TENANT_SILENT",
                        "tenant.own._INBOX.x");
    }

    @Test
    void an_event_from_the_function_publish_arrives_with_the_id_that_it_returned() throws Exception {
        String id;
        try (var writer = outbox.as(TestPostgres.WRITER);
                Statement statement = writer.createStatement();
                ResultSet result =
                        statement.executeQuery("SELECT outbox.publish('called', 'a.b', '\\x0102', '{\"n\": \"1\"}')")) {
            result.next();
            id = result.getString(1);
        }

        Await.until("the event arrives", () -> Streams.ids(client, "called").equals(List.of(id)));
        Await.until("its row is marked", () -> "published".equals(outbox.status(id)));
    }

    @Test
    void nothing_but_status_and_published_at_of_a_row_changes() throws Exception {
        Row row = Row.of("unchanged").withHeaders("{\"a\": \"b\"}");
        outbox.insert(row);
        String columns = "SELECT concat_ws('|', tenant_id, subject, payload, headers, created_at, seq)"
                + " FROM outbox.message WHERE id = '" + row.id() + "'";
        String before = outbox.value(columns);

        Await.until("the row is marked", () -> "published".equals(outbox.status(row.id())));

        assertThat(outbox.value(columns)).isEqualTo(before);
        assertThat(outbox.value("SELECT published_at >= created_at FROM outbox.message WHERE id = '" + row.id() + "'"))
                .isEqualTo("t");
    }

    private static StreamConfiguration configuration(String stream) {
        return Await.value(
                "stream " + stream,
                Duration.ofSeconds(20),
                () -> client.jetStreamManagement().getStreamInfo(stream).getConfiguration());
    }

    private static String superuser(String sql) throws SQLException {
        try (var superuser = outbox.superuser();
                Statement statement = superuser.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }
}
