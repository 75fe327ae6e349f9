package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A row that breaks a rule becomes a dead letter, whole and in one transaction with its status, while every row around
 * it, its own tenant's and others', goes through in order.
 */
final class DeadLetterReasonsIT {

    private static final int MAX_PAYLOAD = 1 << 20;

    private static Outbox outbox;
    private static TestNats nats;
    private static Connection client;
    private static RelayRig rig;
    private static Neighbours neighbours;
    private static int tenants;

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("dead_letters");
        outbox.execute("""
                CREATE SCHEMA shop;
                CREATE TABLE shop.outbox (id uuid PRIMARY KEY, tenant text, aggregatetype text, aggregateid text,
                  type text, payload jsonb);
                ALTER PUBLICATION outbox ADD TABLE shop.outbox (id, tenant, aggregatetype, aggregateid, type, payload);
                GRANT USAGE ON SCHEMA shop TO outbox_relay;
                GRANT SELECT ON shop.outbox TO outbox_relay;
                """);
        rig = outbox.relay(
                nats,
                Map.of(
                        "outbox.source.tables[0].table", "shop.outbox",
                        "outbox.source.tables[0].tenant-column", "tenant",
                        "outbox.retry.max-attempts", "3"));
        neighbours = Neighbours.beside(outbox, client);
    }

    @AfterAll
    static void everybody_else_was_left_alone() throws Exception {
        try {
            neighbours.finish();
            outbox.awaitAllMarked(Duration.ofSeconds(20));
            assertThat(outbox.count(
                            "outbox.dead_letter WHERE state = 'dead' AND tenant_id IN ('noisy', 'broken', 'silent', '"
                                    + Neighbours.ODD + "')"))
                    .isZero();
        } finally {
            neighbours.leave();
            rig.close();
            nats.close();
            outbox.close();
        }
    }

    private static String newTenant() {
        return "tenant-" + tenants++;
    }

    static Stream<Arguments> subjects() {
        return Stream.of(
                Arguments.of("", "is empty"),
                Arguments.of("events.*.created", "wildcard '*'"),
                Arguments.of("*", "wildcard '*'"),
                Arguments.of("events.>", "wildcard '>'"),
                Arguments.of(">", "wildcard '>'"),
                Arguments.of("a*b", "wildcard '*'"),
                Arguments.of("events.order created", "blank"),
                Arguments.of(" events", "blank"),
                Arguments.of("events\u00a0x", "blank"),
                Arguments.of("events\tx", "control character"),
                Arguments.of("events\r\nPUB x 0", "control character"),
                Arguments.of("events\u007fx", "control character"),
                Arguments.of("events..created", "empty token"),
                Arguments.of(".events", "empty token"),
                Arguments.of("events.", "empty token"),
                Arguments.of(".", "empty token"),
                Arguments.of("x".repeat(2_050), "longer than"),
                Arguments.of("日".repeat(700), "longer than"));
    }

    @ParameterizedTest
    @MethodSource("subjects")
    void an_illegal_subject(String subject, String error) throws Exception {
        String tenant = newTenant();
        assertDeadBetweenGoodRows(Row.of(tenant, subject), "invalid_subject", error);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tenant.silent.events.x", "tenant.x", "tenant.SILENT.x", "tenant.tenant-0", "tenant.a.b.c"})
    void a_subject_of_another_tenant(String subject) throws Exception {
        assertDeadBetweenGoodRows(Row.of(newTenant(), subject), "cross_tenant_subject", "starts with 'tenant.'");
    }

    static Stream<Arguments> headers() {
        return Stream.of(
                Arguments.of("[]", "not a JSON object"),
                Arguments.of("[{\"a\": \"b\"}]", "not a JSON object"),
                Arguments.of("\"text\"", "not a JSON object"),
                Arguments.of("7", "not a JSON object"),
                Arguments.of("{\"a\": {\"b\": \"c\"}}", "'a' is not a string"),
                Arguments.of("{\"a\": [\"b\"]}", "'a' is not a string"),
                Arguments.of("{\"a\": 1}", "'a' is not a string"),
                Arguments.of("{\"a\": true}", "'a' is not a string"),
                Arguments.of("{\"a\": null}", "'a' is not a string"),
                Arguments.of("{\"a\": \"größe\"}", "outside ASCII"),
                Arguments.of("{\"größe\": \"a\"}", "no HTTP token"),
                Arguments.of("{\"a b\": \"c\"}", "no HTTP token"),
                Arguments.of("{\"a:b\": \"c\"}", "no HTTP token"),
                Arguments.of("{\"\": \"c\"}", "name is empty"),
                Arguments.of("{\"a\": \"b\\r\\nNats-Rollup: all\"}", "control character"),
                Arguments.of("{\"a\": \"b\\nc\"}", "control character"),
                Arguments.of("{\"a\": \"b\\tc\"}", "control character"),
                Arguments.of("{\"a\\r\\nNats-Rollup\": \"all\"}", "no HTTP token"),
                Arguments.of("{\"a\": \"b\", \"A\": \"c\"}", "there twice"),
                Arguments.of("{\"Nats-Rollup\": \"all\"}", "reserved"),
                Arguments.of("{\"nats-rollup\": \"sub\"}", "reserved"),
                Arguments.of("{\"NATS-ROLLUP\": \"all\"}", "reserved"),
                Arguments.of("{\"good\": \"x\", \"nAtS-Expected-Last-Sequence\": \"0\"}", "reserved"),
                Arguments.of("{\"Nats-Msg-Id\": \"mine\"}", "reserved"),
                Arguments.of("{\"outbox-tenant\": \"silent\"}", "reserved"),
                Arguments.of("{\"Outbox-Position\": \"1\"}", "reserved"));
    }

    @ParameterizedTest
    @MethodSource("headers")
    void illegal_headers(String json, String error) throws Exception {
        assertDeadBetweenGoodRows(Row.of(newTenant()).withHeaders(json), "invalid_headers", error);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a.b", "a b", "*", ">", "größe", "a\nb", "a/b", "Robert'); DROP TABLE x;--"})
    void a_tenant_id_that_breaks_the_rule(String tenant) throws Exception {
        assertDeadBetweenGoodRows(Row.of(tenant), "invalid_tenant", "[A-Za-z0-9_-]{1,64}");
    }

    @Test
    void a_tenant_id_of_65_characters() throws Exception {
        Row longest = Row.of("t".repeat(64));
        outbox.insert(longest);
        assertDeadBetweenGoodRows(Row.of("t".repeat(65)), "invalid_tenant", "{1,64}");
        assertThat(Streams.ids(client, longest.tenant())).containsExactly(longest.id());
    }

    @Test
    void a_tenant_whose_id_differs_from_another_only_by_case() throws Exception {
        Row first = Row.of("Acme");
        outbox.insert(first);
        awaitIds("Acme", List.of(first));

        assertDeadBetweenGoodRows(Row.of("aCME"), "tenant_name_conflict", "belongs to tenant 'Acme'");

        Row later = Row.of("Acme");
        outbox.insert(later, Row.of("aCME"));
        awaitIds("Acme", List.of(first, later));
        Await.until("both are dead", () -> outbox.count("outbox.dead_letter WHERE tenant_id = 'aCME'") == 2);
    }

    @Test
    void a_payload_above_what_the_server_takes() throws Exception {
        assertDeadBetweenGoodRows(
                Row.of(newTenant()).with(new byte[MAX_PAYLOAD + 1]),
                "payload_too_large",
                "max_payload is " + MAX_PAYLOAD);
        assertDeadBetweenGoodRows(
                Row.of(newTenant()).withHeaders("{\"big\": \"" + "x".repeat(MAX_PAYLOAD) + "\"}"),
                "payload_too_large",
                "headers and payload");
    }

    @Test
    void a_message_that_its_stream_refuses_for_its_size() throws Exception {
        String tenant = newTenant();
        client.jetStreamManagement()
                .addStream(Streams.preparedFor(tenant).maximumMessageSize(2_000).build());

        assertDeadBetweenGoodRows(Row.of(tenant).with(new byte[3_000]), "stream_rejected", "message size");
    }

    @Test
    void a_subject_that_its_stream_does_not_take() throws Exception {
        String tenant = newTenant();
        client.jetStreamManagement()
                .addStream(Streams.preparedFor(tenant)
                        .subjects("tenant." + tenant + ".events.>")
                        .build());

        assertDeadBetweenGoodRows(Row.of(tenant, "audit.login"), "retries_exhausted", "refused 3 times");
        assertThat(outbox.value("SELECT attempts FROM outbox.dead_letter WHERE tenant_id = '" + tenant + "'"))
                .isEqualTo("3");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tenant", "aggregatetype", "type"})
    void a_row_without_a_value_that_its_event_needs(String column) throws Exception {
        Row before = Row.of(newTenant());
        Row after = Row.of(before.tenant());
        Row id = Row.of(before.tenant());
        outbox.insert(before);
        outbox.execute("INSERT INTO shop.outbox (id, tenant, aggregatetype, type, payload) VALUES ('" + id.id() + "', '"
                + before.tenant() + "', 'order', 'created', '{\"n\": 1}');");
        outbox.execute("INSERT INTO shop.outbox SELECT gen_random_uuid(), r.* FROM (SELECT "
                + String.join(
                        ", ",
                        nullIf("tenant", column, before.tenant()),
                        nullIf("aggregatetype", column, "order"),
                        "'4711'",
                        nullIf("type", column, "created"))
                + ", '{\"n\": 2}'::jsonb) r");
        outbox.insert(after);

        Await.until(
                "rows around go through",
                () -> Streams.ids(client, before.tenant())
                        .equals(List.of(before.id(), "shop.outbox:" + id.id(), after.id())));
        String dead = "FROM outbox.dead_letter d JOIN shop.outbox o ON d.event_id = 'shop.outbox:' || o.id"
                + " WHERE d.source = 'shop.outbox' AND d.error LIKE '%column " + column + " is null%'";
        Await.until("the dead letter", () -> text("SELECT count(*) " + dead).equals("1"));
        assertThat(text(
                        "SELECT d.reason || ' ' || d.tenant_id || ' ' || d.subject || ' ' || encode(d.payload, 'escape')"
                                + " || ' ' || (d.committed_at = pg_xact_commit_timestamp(o.xmin)) " + dead))
                .isEqualTo("malformed_row " + (column.equals("tenant") ? "" : before.tenant()) + " "
                        + (column.equals("aggregatetype") ? "" : "order") + "."
                        + (column.equals("type") ? "" : "created") + " {\"n\": 2} true");
    }

    private static String nullIf(String name, String column, String value) {
        return name.equals(column) ? "NULL" : "'" + value + "'";
    }

    private static String text(String sql) throws Exception {
        try (var connection = outbox.superuser();
                var statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            return result.next() ? String.valueOf(result.getString(1)) : "";
        }
    }

    /** Two good rows of the tenant, the bad one, a good one of another, two good ones: all in one transaction. */
    private static void assertDeadBetweenGoodRows(Row bad, String reason, String error) throws Exception {
        boolean tenantCanPublish = !reason.contains("tenant_name") && !reason.equals("invalid_tenant");
        String own = tenantCanPublish ? bad.tenant() : newTenant();
        String other = newTenant();
        List<Row> ownGood = List.of(Row.of(own), Row.of(own), Row.of(own), Row.of(own));
        List<Row> otherGood = List.of(Row.of(other), Row.of(other));
        List<Row> rows = new ArrayList<>(ownGood.subList(0, 2));
        rows.add(otherGood.get(0));
        rows.add(bad.headers() == null ? bad.withHeaders("{\"traceparent\": \"00-ab\", \"n\": \"1\"}") : bad);
        rows.add(otherGood.get(1));
        rows.addAll(ownGood.subList(2, 4));

        String transaction = outbox.insert(rows);

        awaitIds(own, ownGood);
        awaitIds(other, otherGood);
        assertIsDead(rows.get(3), transaction, reason, error);
    }

    private static void awaitIds(String tenant, List<Row> rows) {
        List<String> expected = rows.stream().map(Row::id).toList();
        Await.until(
                "tenant " + tenant + " has exactly its good rows",
                Duration.ofSeconds(15),
                () -> Streams.ids(client, tenant).equals(expected));
    }

    private static void assertIsDead(Row row, String transaction, String reason, String error) throws Exception {
        String dead = " FROM outbox.dead_letter d JOIN outbox.message m ON d.event_id = m.id::text WHERE m.id = '"
                + row.id() + "'";
        Await.until(
                "the dead letter of " + row.id(),
                () -> text("SELECT count(*)" + dead).equals("1"));
        assertThat(text("SELECT reason" + dead)).isEqualTo(reason);
        assertThat(text("SELECT error" + dead))
                .contains(error)
                .doesNotContain(new String(row.payload().bytes(), StandardCharsets.ISO_8859_1))
                .doesNotContain("\n");
        assertThat(text("SELECT concat_ws(' ', d.state, d.kind, d.source, d.slot, m.status)" + dead))
                .isEqualTo("dead event outbox.message " + outbox.slot() + " failed");
        assertThat(text("SELECT d.tenant_id = m.tenant_id AND d.subject = m.subject AND d.payload = m.payload"
                        + " AND d.headers = m.headers AND d.resolved_at IS NULL AND m.published_at IS NULL" + dead))
                .as("the event, whole, as it was written")
                .isEqualTo("t");
        assertThat(text("SELECT d.committed_at = pg_xact_commit_timestamp('" + transaction + "')" + dead))
                .as("its commit time")
                .isEqualTo("t");
        assertThat(text("SELECT d.xmin = m.xmin" + dead))
                .as("written in one transaction with the row's status")
                .isEqualTo("t");
    }
}
