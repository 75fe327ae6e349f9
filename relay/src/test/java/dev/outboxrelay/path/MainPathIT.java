package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import io.nats.client.api.MessageInfo;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A committed row becomes a message on its tenant's stream. */
final class MainPathIT {

    private static TestPostgres postgres;
    private static TestNats nats;
    private static Connection client;
    private static RelayRig rig;

    @BeforeAll
    static void start() throws Exception {
        postgres = TestPostgres.start();
        postgres.installSchema();
        nats = TestNats.start();
        client = nats.connection();
        rig = RelayRig.start(postgres, nats, Map.of());
    }

    @AfterAll
    static void stop() throws Exception {
        rig.close();
        client.close();
        nats.close();
        postgres.close();
    }

    @Test
    void rows_of_one_transaction_arrive_in_insert_order_with_every_header() throws Exception {
        List<String> ids = insert("acme", "events.order.created", 50);

        Await.until("50 messages", () -> RelayRig.ids(client, "TENANT_ACME").size() == 50);

        List<MessageInfo> messages = RelayRig.messages(client, "TENANT_ACME");
        assertThat(messages)
                .extracting(m -> m.getHeaders().getFirst("Nats-Msg-Id"))
                .isEqualTo(ids);
        MessageInfo first = messages.get(0);
        assertThat(first.getSubject()).isEqualTo("tenant.acme.events.order.created");
        assertThat(new String(first.getData(), StandardCharsets.UTF_8)).isEqualTo("payload 0");
        assertThat(first.getHeaders().getFirst("Outbox-Tenant")).isEqualTo("acme");
        assertThat(first.getHeaders().getFirst("Outbox-Committed-At"))
                .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
        assertThat(first.getHeaders().getFirst("Outbox-Position"))
                .startsWith("1;1;")
                .endsWith(";" + ids.get(0));
        assertThat(first.getHeaders().getFirst("traceparent")).isEqualTo("00-abc");
        Await.until(
                "rows marked",
                () -> count("status = 'published' AND published_at IS NOT NULL AND tenant_id = 'acme'") == 50);
    }

    @Test
    void the_slot_is_confirmed_when_everything_is_settled() throws Exception {
        insert("quiet", "events.x", 1);

        Await.until("slot confirmed", Duration.ofSeconds(15), () -> {
            try (var c = postgres.superuser();
                    Statement s = c.createStatement();
                    ResultSet r = s.executeQuery(
                            "SELECT pg_current_wal_lsn() - confirmed_flush_lsn < 2000 FROM pg_replication_slots")) {
                r.next();
                return r.getBoolean(1);
            }
        });
    }

    private static List<String> insert(String tenant, String subject, int rows) throws SQLException {
        List<String> ids = new ArrayList<>();
        try (var c = postgres.connect(TestPostgres.WRITER)) {
            c.setAutoCommit(false);
            try (PreparedStatement s = c.prepareStatement("SELECT outbox.publish(?, ?, ?, ?::jsonb)")) {
                for (int i = 0; i < rows; i++) {
                    s.setString(1, tenant);
                    s.setString(2, subject);
                    s.setBytes(3, ("payload " + i).getBytes(StandardCharsets.UTF_8));
                    s.setString(4, "{\"traceparent\":\"00-abc\"}");
                    try (ResultSet r = s.executeQuery()) {
                        r.next();
                        ids.add(r.getString(1));
                    }
                }
            }
            c.commit();
        }
        return ids;
    }

    private static int count(String where) throws SQLException {
        try (var c = postgres.superuser();
                Statement s = c.createStatement();
                ResultSet r = s.executeQuery("SELECT count(*) FROM outbox.message WHERE " + where)) {
            r.next();
            return r.getInt(1);
        }
    }
}
