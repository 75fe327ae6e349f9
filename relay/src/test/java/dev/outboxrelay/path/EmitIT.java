package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StreamConfiguration;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Events without a row: what {@code outbox.emit} writes goes the way of every row, except that there is nothing to
 * settle. {@link KilledRelayIT} and all others that use {@link Load} break things under such events too.
 */
final class EmitIT {

    /** 100000 went through as well. */
    private static final int LARGE = Integer.getInteger("outbox.test.emitted", 20_000);

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static Outbox outbox;
    private static TestNats nats;
    private static Connection client;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("emitted");
    }

    @AfterAll
    static void stop() throws Exception {
        nats.close();
        outbox.close();
    }

    private static RelayRig relay() {
        return outbox.relay(nats, Map.of()).awaitStreaming();
    }

    private static RelayRig relayThatParks() {
        return outbox.relay(nats, Map.of("outbox.lanes.park-after", "300ms")).awaitStreaming();
    }

    private static void awaitSize(String tenant, int size) {
        Await.until(size + " messages of " + tenant, PATIENCE, () -> Streams.size(client, Streams.of(tenant)) == size);
    }

    /** A message with faults, sealed as outbox.emit does it. */
    private static void emitSealed(Outbox outbox, String version, String body) throws SQLException {
        outbox.execute(
                "SELECT pg_logical_emit_message(true, 'outbox.emit', v || sha256(key || sha256(key || v || b)) || b)"
                        + " FROM outbox.emit_key, (SELECT '\\x" + version + "'::bytea AS v, " + body + " AS b) x");
    }

    @Test
    void rows_and_emitted_events_of_a_transaction_keep_their_order() throws Exception {
        byte[] bytes = new byte[70_000];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }
        List<String> expected = new ArrayList<>();
        try (RelayRig rig = relay();
                java.sql.Connection writer = outbox.as(TestPostgres.WRITER)) {
            writer.setAutoCommit(false);
            for (int i = 0; i < 5; i++) {
                Row row = Row.of("mixed");
                Outbox.insert(writer, List.of(row));
                expected.add(row.id());
                expected.addAll(Outbox.emit(
                        writer,
                        List.of(Row.of("mixed", "paid." + i).with(bytes).withHeaders("{\"traceparent\": \"00-a\"}"))));
                Savepoint savepoint = writer.setSavepoint();
                Outbox.emit(writer, List.of(Row.of("mixed")));
                writer.rollback(savepoint);
            }
            writer.commit();
            Outbox.emit(writer, List.of(Row.of("mixed")));
            writer.rollback();
            expected.addAll(outbox.emit(Row.of("mixed").with(new byte[0])));

            awaitSize("mixed", 11);

            List<Message> messages = Streams.messages(client, Streams.of("mixed"));
            assertThat(messages.stream().map(Streams::id)).isEqualTo(expected);
            assertThat(outbox.committed()).containsEntry("mixed", expected);
            Message message = messages.get(1);
            assertThat(message.getSubject()).isEqualTo("tenant.mixed.paid.0");
            assertThat(message.getData()).isEqualTo(bytes);
            assertThat(message.getHeaders().getFirst("traceparent")).isEqualTo("00-a");
            assertThat(message.getHeaders().getFirst("Outbox-Tenant")).isEqualTo("mixed");
            assertThat(message.getHeaders().getFirst("Outbox-Committed-At"))
                    .isEqualTo(messages.get(0).getHeaders().getFirst("Outbox-Committed-At"));
            assertThat(messages.get(10).getData()).isEmpty();
        }
    }

    @Test
    void a_large_transaction() throws Exception {
        try (RelayRig rig = relay()) {
            outbox.execute("SELECT outbox.emit('huge', 'n', convert_to(i::text, 'UTF8')) FROM generate_series(1, "
                    + LARGE + ") i");

            awaitSize("huge", LARGE);
        }
        assertThat(Streams.ids(client, "huge")).isEqualTo(outbox.committed().get("huge"));
    }

    @Test
    void what_emit_did_not_write_and_what_is_for_another_slot_is_passed_over() throws Exception {
        Outbox outbox = Outbox.create("emitted_foreign");
        outbox.execute("CREATE ROLE stranger_emits LOGIN PASSWORD 'only for this test'");
        try (outbox;
                RelayRig rig = outbox.relay(nats, Map.of()).awaitStreaming();
                Outbox other = Outbox.create("emitted_elsewhere");
                java.sql.Connection stranger =
                        outbox.postgres().connect(outbox.database(), "stranger_emits", "only for this test")) {
            try (var statement = stranger.createStatement()) {
                // whole but for its seal: it would be an event of the tenant
                String whole = "\\x01" + "00".repeat(32) + "11".repeat(16) + counted(outbox.slot()) + counted("passed")
                        + counted("forged") + "ffffffff" + counted("x");
                for (String content :
                        List.of("", "forged", "\\x01" + "00".repeat(100), "\\x02" + "ff".repeat(100), whole)) {
                    statement.execute("SELECT pg_logical_emit_message(true, 'outbox.emit', '" + content
                            + "'::bytea), pg_logical_emit_message(false, 'outbox.emit', '" + content + "'::bytea)");
                }
            }
            other.emit(Row.of("elsewhere"));
            outbox.execute("SELECT pg_create_logical_replication_slot('emitted_other', 'pgoutput')");
            outbox.emitTo("emitted_other");
            outbox.emit(Row.of("elsewhere"));
            outbox.emitTo(outbox.slot());
            outbox.execute("BEGIN; INSERT INTO outbox.emit_key DEFAULT VALUES; COMMIT");
            List<String> ids = outbox.emit(Row.of("passed"));

            awaitSize("passed", 1);

            assertThat(Streams.ids(client, "passed")).isEqualTo(ids);
            assertThat(Streams.size(client, Streams.of("elsewhere"))).isZero();
            assertThat(outbox.count("outbox.dead_letter")).isZero();
            outbox.execute("DROP ROLE stranger_emits");
        }
    }

    private static String counted(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return "%08x".formatted(bytes.length) + HexFormat.of().formatHex(bytes);
    }

    @Test
    void one_that_cannot_be_read_is_a_dead_letter_and_stops_nobody() throws Exception {
        try (Outbox outbox = Outbox.create("emitted_unreadable");
                RelayRig rig = outbox.relay(nats, Map.of()).awaitStreaming()) {
            emitSealed(outbox, "02", "'\\xabcd'::bytea");
            emitSealed(outbox, "01", "'\\xab'::bytea");
            emitSealed(outbox, "01", "''::bytea");
            outbox.emit(Row.of("readable"));

            awaitSize("readable", 1);
            Await.until("three dead letters", PATIENCE, () -> outbox.count(UNREADABLE) == 3);

            assertThat(outbox.value("SELECT string_agg(DISTINCT concat_ws(' ', reason, tenant_id, payload, error), '|')"
                            + " FROM " + UNREADABLE))
                    .contains(
                            "malformed_row  \\xabcd message of outbox.emit: version 2 of its format is not known",
                            "malformed_row  \\xab message of outbox.emit: it ends too early");
            outbox.execute("UPDATE outbox.dead_letter SET state = 'replaying' WHERE event_id LIKE '%unreadable%'");
            Await.until("nobody sends them", PATIENCE, () -> outbox.count(UNREADABLE + " AND state = 'dead'") == 3);
        }
    }

    private static final String UNREADABLE =
            "outbox.dead_letter WHERE source = 'outbox.emit' AND event_id LIKE 'outbox.emit:unreadable@%'";

    @Test
    void one_that_breaks_a_rule_is_a_dead_letter_and_can_be_replayed() throws Exception {
        try (RelayRig rig = relay()) {
            List<String> ids = outbox.emit(
                    Row.of("judged", "a b"),
                    Row.of("judged").withHeaders("[1]"),
                    Row.of("judged").with(new byte[2 << 20]),
                    Row.of("no tenant"),
                    Row.of("judged"));
            awaitSize("judged", 1);
            Await.until("four dead letters", PATIENCE, () -> outbox.count(JUDGED) == 4);

            assertThat(outbox.value("SELECT string_agg(concat_ws(' ', event_id, reason, octet_length(payload)), ', '"
                            + " ORDER BY reason) FROM " + JUDGED))
                    .isEqualTo(ids.get(1) + " invalid_headers 40, " + ids.get(0) + " invalid_subject 40, " + ids.get(3)
                            + " invalid_tenant 40, " + ids.get(2) + " payload_too_large 2097152");
            outbox.execute(
                    "UPDATE outbox.dead_letter SET state = 'replaying', replay_subject = 'a.b' WHERE event_id = '"
                            + ids.get(0) + "'");
            outbox.execute("UPDATE outbox.dead_letter SET state = 'discarded', mark_due = true WHERE event_id = '"
                    + ids.get(1) + "'");
            awaitSize("judged", 2);
            Await.until(
                    "the table says so",
                    PATIENCE,
                    () -> outbox.count(JUDGED + " AND (state = 'replayed' OR state = 'discarded' AND NOT mark_due)")
                            == 2);
            assertThat(Streams.ids(client, "judged")).containsExactly(ids.get(4), ids.get(0));
        }
    }

    private static final String JUDGED =
            "outbox.dead_letter WHERE source = 'outbox.emit' AND tenant_id IN ('judged', 'no tenant')";

    private static StreamConfiguration full(int limit) {
        return Streams.preparedFor("full")
                .discardPolicy(DiscardPolicy.New)
                .maxMessages(limit)
                .build();
    }

    @Test
    void parked_ones_outlive_the_relay_and_keep_their_order() throws Exception {
        client.jetStreamManagement().addStream(full(10));
        List<String> expected = new ArrayList<>();
        try (RelayRig rig = relayThatParks()) {
            Row[] rows = new Row[100];
            Arrays.fill(rows, Row.of("full"));
            expected.addAll(outbox.emit(rows));
            Await.until("90 are parked", PATIENCE, () -> outbox.count(PARKED) == 90);
        }
        client.jetStreamManagement().updateStream(full(1_000));
        expected.addAll(outbox.emit(Row.of("full")));

        try (RelayRig rig = relayThatParks()) {
            awaitSize("full", 101);
            Await.until("nothing is parked", PATIENCE, () -> outbox.count(PARKED) == 0);
        }

        assertThat(Streams.ids(client, "full")).isEqualTo(expected);
    }

    private static final String PARKED = "outbox.dead_letter WHERE tenant_id = 'full' AND state = 'parked'";

    @Test
    void a_relay_that_is_killed_with_events_in_flight_doubles_and_loses_none() throws Exception {
        Map<String, String> settings = outbox.settings(nats, Map.of());
        for (int i = 0; i < 3; i++) {
            outbox.execute("SELECT outbox.emit('killed', 'n', '') FROM generate_series(1, 5000)");
        }
        try (RelayProcess relay = RelayProcess.start(settings, folder.resolve("relay.log"))) {
            Await.until("6000 messages", PATIENCE, () -> Streams.size(client, Streams.of("killed")) >= 6_000);

            relay.kill();
        }
        try (RelayRig rig = relay()) {
            awaitSize("killed", 15_000);
        }

        List<String> ids = Streams.ids(client, "killed");
        assertThat(ids).isEqualTo(outbox.committed().get("killed"));
        assertThat(Stream.of(ids.get(0), ids.get(14_999))).allMatch(id -> id.startsWith("outbox.emit:"));
    }
}
