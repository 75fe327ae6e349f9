package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Settings;
import dev.outboxrelay.slot.Finding;
import dev.outboxrelay.slot.StartChecks;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import io.nats.client.Message;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Tables of many layouts in one relay, none of which was made for it: each as its library makes it, and set up by
 * nothing but the statements that the relay prints when it refuses to start.
 */
final class LayoutsIT {

    private static final String TABLES = """
            CREATE SCHEMA shop; CREATE SCHEMA cap; CREATE SCHEMA eventuate; CREATE SCHEMA node;
            CREATE TABLE shop.outboxevent (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant text,
              aggregatetype varchar(255) NOT NULL, aggregateid varchar(255) NOT NULL, type varchar(255) NOT NULL,
              payload jsonb, version int, created timestamptz);
            CREATE TABLE shop."Outbox" ("Id" int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "CustomerNo" int,
              "Kind" text, "Body" jsonb, "Meta" jsonb, "State" smallint NOT NULL DEFAULT 0, "SentAt" timestamp,
              "order" int);
            CREATE TABLE cap.published ("Id" bigint PRIMARY KEY, "Version" varchar(20) NOT NULL,
              "Name" varchar(200) NOT NULL, "Content" text, "Retries" int NOT NULL, "Added" timestamp NOT NULL,
              "ExpiresAt" timestamp, "StatusName" varchar(50) NOT NULL);
            CREATE TABLE event_publication (id uuid PRIMARY KEY, listener_id text NOT NULL, event_type text NOT NULL,
              serialized_event text NOT NULL, publication_date timestamptz NOT NULL, completion_date timestamptz);
            CREATE TABLE eventuate.message (id varchar(255) PRIMARY KEY, destination text NOT NULL,
              headers text NOT NULL, payload text NOT NULL, published smallint DEFAULT 0, creation_time bigint);
            CREATE TABLE node.outbox (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), aggregate_type text NOT NULL,
              aggregate_id text NOT NULL, message_type text NOT NULL, segment text, payload jsonb NOT NULL,
              metadata jsonb, created_at timestamptz NOT NULL DEFAULT clock_timestamp(), processed_at timestamptz,
              abandoned_at timestamptz);
            CREATE TABLE shop.flags (no numeric, org text, topic text, body bytea, done boolean);
            """;

    private static final Map<String, String> MAPPINGS = mappings(
            "table=shop.outboxevent;preset=debezium;tenant-column=tenant;subject={aggregatetype}"
                    + ";subject-pattern=(?<kind>.*)Aggregate;subject-replacement=events.${kind}"
                    + ";header-columns.X-Key=aggregateid;header-columns.X-Version=version"
                    + ";header-columns.X-Created=created;null-payload=refuse",
            "table=shop.Outbox;preset=custom;id-column=Id;order-column=order;tenant-column=CustomerNo"
                    + ";tenant-lookup.17=acme;tenant-lookup.18=umbrella;subject=shop.{Kind};payload-column=Body"
                    + ";headers-column=Meta;filter.Kind=ordered, paid, a b;status-column=State;status-pending=0"
                    + ";status-published=1;status-failed=2;published-at-column=SentAt",
            "table=cap.published;preset=cap;tenant-column=Content;tenant-path=Headers.tenant;settle=mark",
            "table=public.event_publication;preset=spring-modulith;tenant-column=serialized_event"
                    + ";tenant-path=customer.id;filter.listener_id=relay;settle=mark",
            "table=eventuate.message;preset=eventuate-tram;tenant=acme;settle=mark",
            "table=node.outbox;preset=pg-transactional-outbox;tenant-column=metadata;tenant-path=tenant"
                    + ";publication-filter=aggregate_type <> 'internal';settle=mark",
            "table=shop.flags;preset=custom;id-column=no;tenant-column=org;subject={topic};payload-column=body"
                    + ";status-column=done;status-published=true;status-failed=false");

    private static Outbox outbox;
    private static TestNats nats;
    private static Connection client;
    private static RelayRig rig;

    private static Map<String, String> mappings(String... tables) {
        Map<String, String> settings = new TreeMap<>();
        for (int i = 0; i < tables.length; i++) {
            for (String entry : tables[i].split(";", -1)) {
                int equals = entry.indexOf('=');
                settings.put(
                        "outbox.source.tables[" + i + "]." + entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        return settings;
    }

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("layouts");
        outbox.execute(TABLES);
        mendUntilItMayStart();
        rig = outbox.relay(nats, MAPPINGS).awaitStreaming();
    }

    @AfterAll
    static void stop() throws Exception {
        rig.close();
        nats.close();
        outbox.close();
    }

    /** Runs what the relay prints, and nothing else. */
    private static void mendUntilItMayStart() throws SQLException {
        Settings settings = RelayRig.settings(outbox.settings(nats, MAPPINGS));
        for (int round = 0; round < 5; round++) {
            List<Finding> findings;
            try (java.sql.Connection relay = outbox.as(TestPostgres.RELAY)) {
                findings = StartChecks.run(relay, settings);
            }
            if (findings.isEmpty()) {
                assertThat(round).isPositive();
                return;
            }
            for (Finding finding : findings) {
                outbox.execute(finding.remedy().replaceFirst("; \\(.*", ""));
            }
        }
        throw new AssertionError("what the relay prints does not make it start");
    }

    @Test
    void rows_of_every_layout_reach_their_tenants_and_are_marked_as_their_tables_want_it() throws Exception {
        outbox.execute("""
                INSERT INTO shop.outboxevent (id, tenant, aggregatetype, aggregateid, type, payload, version, created)
                  VALUES ('00000000-0000-0000-0000-000000000001', 'one', 'orderAggregate', 'o-1', 'created', '{"n": 1}',
                          3, '2026-01-02 03:04:05.678901+07');
                INSERT INTO shop."Outbox" ("CustomerNo", "Kind", "Body", "Meta", "order") VALUES
                  (18, 'internal', '{}', NULL, 1), (18, 'ordered', '[1,  2]', '{"a": 1, "b": null, "c": "d"}', 2);
                INSERT INTO cap.published VALUES (12345678901, 'v1', 'orders.placed',
                  '{"Headers":{"cap-callback-name":null,"cap-msg-id":"12345678901","tenant":"two"},"Value":{"Id":1}}',
                  0, now(), NULL, 'Scheduled');
                INSERT INTO event_publication VALUES
                  ('00000000-0000-0000-0000-000000000004', 'relay', 'com.acme.OrderCompleted',
                   '{"customer":{"id":"three"}}', now(), NULL),
                  ('00000000-0000-0000-0000-000000000005', 'mail', 'com.acme.OrderCompleted',
                   '{"customer":{"id":"three"}}', now(), NULL);
                INSERT INTO eventuate.message VALUES ('0001-02', 'com.acme.Order', '{"ID":"0001-02"}', '{"x":1}', 0, 1);
                INSERT INTO node.outbox (id, aggregate_type, aggregate_id, message_type, payload, metadata) VALUES
                  ('00000000-0000-0000-0000-000000000006', 'movie', 'm-1', 'created', '{"id": 1}', '{"tenant": "four"}'),
                  (gen_random_uuid(), 'internal', 'm-1', 'created', '{"id": 1}', '{"tenant": "four"}');
                INSERT INTO shop.flags VALUES (1.50, 'five', 'flag.set', '\\x00ff', NULL), (2, 'five', 'flag.set', '', NULL)
                """);

        Message debezium = only("one");
        assertThat(debezium.getSubject()).isEqualTo("tenant.one.events.order");
        assertThat(Streams.id(debezium)).isEqualTo("shop.outboxevent:00000000-0000-0000-0000-000000000001");
        assertThat(text(debezium)).isEqualTo("{\"n\": 1}");
        assertThat(header(debezium, "X-Key")).isEqualTo("o-1");
        assertThat(header(debezium, "X-Version")).isEqualTo("3");
        assertThat(header(debezium, "X-Created")).isEqualTo("2026-01-01T20:04:05.678901Z");

        Message integer = only("umbrella");
        assertThat(integer.getSubject()).isEqualTo("tenant.umbrella.shop.ordered");
        assertThat(Streams.id(integer)).isEqualTo("shop.Outbox:2");
        assertThat(text(integer)).isEqualTo("[1, 2]");
        assertThat(header(integer, "a")).isEqualTo("1");
        assertThat(header(integer, "b")).isNull();
        assertThat(header(integer, "c")).isEqualTo("d");
        await("shop.\"Outbox\" WHERE \"State\" = 1 AND \"SentAt\" IS NOT NULL AND \"Id\" = 2", 1);
        assertThat(rows("shop.\"Outbox\" WHERE \"State\" = 0 AND \"SentAt\" IS NULL AND \"Id\" = 1"))
                .isOne();

        Message cap = only("two");
        assertThat(cap.getSubject()).isEqualTo("tenant.two.orders.placed");
        assertThat(Streams.id(cap)).isEqualTo("cap.published:12345678901");
        assertThat(text(cap)).isEqualTo("{\"Id\":1}");
        assertThat(header(cap, "cap-msg-id")).isEqualTo("12345678901");
        assertThat(header(cap, "cap-callback-name")).isNull();
        await("cap.published WHERE \"StatusName\" = 'Succeeded'", 1);

        Message spring = only("three");
        assertThat(spring.getSubject()).isEqualTo("tenant.three.com.acme.OrderCompleted");
        await("event_publication WHERE listener_id = 'relay' AND completion_date IS NOT NULL", 1);
        assertThat(rows("event_publication WHERE listener_id = 'mail' AND completion_date IS NULL"))
                .isOne();

        await("eventuate.message WHERE id = '0001-02' AND published = 1", 1);
        assertThat(Streams.messages(client, Streams.of("acme"))).anySatisfy(tram -> {
            assertThat(Streams.id(tram)).isEqualTo("eventuate.message:0001-02");
            assertThat(tram.getSubject()).isEqualTo("tenant.acme.com.acme.Order");
            assertThat(header(tram, "ID")).isEqualTo("0001-02");
        });

        Message node = only("four");
        assertThat(node.getSubject()).isEqualTo("tenant.four.movie.created");
        await("node.outbox WHERE processed_at IS NOT NULL AND abandoned_at IS NULL", 1);

        Await.until("both flags", () -> Streams.size(client, Streams.of("five")) == 2);
        assertThat(Streams.ids(client, "five")).containsExactly("shop.flags:1.50", "shop.flags:2");
        assertThat(Streams.messages(client, Streams.of("five")).get(0).getData())
                .isEqualTo(new byte[] {0, -1});
        await("shop.flags WHERE done", 2);
    }

    @Test
    void a_row_that_breaks_its_mapping_is_a_dead_letter_and_its_neighbours_go_on() throws Exception {
        outbox.execute("""
                INSERT INTO shop.outboxevent (id, tenant, aggregatetype, aggregateid, type, payload) VALUES
                  ('00000000-0000-0000-0000-0000000000b1', 'broken', 'x', 'a', 't', NULL);
                INSERT INTO shop."Outbox" ("CustomerNo", "Kind", "Body") VALUES (99, 'paid', '"nobody"'),
                  (17, 'a b', '"no subject"'), (17, 'paid', '"good"');
                INSERT INTO cap.published VALUES (2, 'v1', 'n', '{"Headers":{},"Value":1}', 0, now(), NULL, 'Scheduled'),
                  (3, 'v1', 'n', 'no json', 0, now(), NULL, 'Queued'),
                  (4, 'v1', 'n', '{"Headers":{"tenant":"acme"},"Value":4}', 0, now(), NULL, 'Scheduled');
                INSERT INTO eventuate.message VALUES ('0001-03', 'a..b', '{}', '{}', 0, 1);
                INSERT INTO node.outbox (aggregate_type, aggregate_id, message_type, payload, metadata) VALUES
                  ('x', 'm-1', 'two words', '{}', '{"tenant": "acme"}');
                INSERT INTO shop.flags VALUES (NULL, 'six', 'no.id', '', NULL), (NULL, 'six', 'no.id', 'x', NULL),
                  (3, 'six', 'a..b', '', NULL);
                """);

        await("outbox.dead_letter WHERE tenant_id IS DISTINCT FROM 'paused'", 10);
        await("shop.flags WHERE org = 'six' AND NOT done", 1);
        Await.until(
                "the good ones arrive",
                () -> Streams.ids(client, "acme").containsAll(List.of("shop.Outbox:5", "cap.published:4")));
        await("shop.\"Outbox\" WHERE \"Id\" IN (3, 4) AND \"State\" = 2 AND \"SentAt\" IS NULL", 2);
        await("shop.\"Outbox\" WHERE \"Id\" = 5 AND \"State\" = 1", 1);
        await("cap.published WHERE \"Id\" IN (2, 3) AND \"StatusName\" = 'Failed'", 2);
        await("cap.published WHERE \"Id\" = 4 AND \"StatusName\" = 'Succeeded'", 1);
        await("node.outbox WHERE abandoned_at IS NOT NULL AND processed_at IS NULL", 1);
        assertThat(rows("eventuate.message WHERE id = '0001-03' AND published = 0"))
                .as("a table that has no word for it says nothing")
                .isOne();
        assertThat(outbox.value("SELECT string_agg(concat_ws(' ', event_id, reason, error), E'\\n' ORDER BY event_id)"
                        + " FROM outbox.dead_letter WHERE reason = 'malformed_row'"))
                .contains(
                        "cap.published:2 malformed_row row of cap.published: column Content has nothing at"
                                + " Headers.tenant",
                        "cap.published:3 malformed_row",
                        "column Content is not valid JSON",
                        "shop.Outbox:3 malformed_row row of shop.Outbox: no entry of tenant-lookup",
                        "column payload has no payload");
        assertThat(outbox.value("SELECT string_agg(error, ' ') FROM outbox.dead_letter WHERE reason = 'malformed_row'"))
                .as("nothing of what the rows hold")
                .doesNotContain("99", "nobody");
    }

    @Test
    void a_row_that_breaks_its_mapping_while_its_tenant_is_paused_is_a_dead_letter_and_never_a_message()
            throws Exception {
        outbox.execute("INSERT INTO outbox.tenant (tenant_id, paused) VALUES ('paused', true)");
        outbox.execute("INSERT INTO shop.outboxevent (tenant, aggregatetype, aggregateid, type, payload) VALUES"
                + " ('paused', 'x', '1', 't', '2'), ('paused', 'x', '2', 't', NULL)");
        await("outbox.dead_letter WHERE tenant_id = 'paused' AND state = 'parked'", 2);

        outbox.execute("UPDATE outbox.tenant SET paused = false WHERE tenant_id = 'paused'");

        await("outbox.dead_letter WHERE tenant_id = 'paused' AND state = 'sent'", 1);
        await("outbox.dead_letter WHERE tenant_id = 'paused' AND state = 'dead' AND reason = 'malformed_row'", 1);
        assertThat(text(only("paused"))).isEqualTo("2");
    }

    private static Message only(String tenant) throws Exception {
        Await.until("a message of " + tenant, () -> Streams.size(client, Streams.of(tenant)) == 1);
        return Streams.messages(client, Streams.of(tenant)).get(0);
    }

    private static String text(Message message) {
        return new String(message.getData(), StandardCharsets.UTF_8);
    }

    private static @Nullable String header(Message message, String name) {
        return message.getHeaders().getFirst(name);
    }

    private static void await(String fromWhere, int count) {
        Await.until(count + " rows of " + fromWhere, () -> rows(fromWhere) == count);
    }

    private static int rows(String fromWhere) throws SQLException {
        try (var superuser = outbox.superuser();
                var statement = superuser.createStatement();
                var result = statement.executeQuery("SELECT count(*) FROM " + fromWhere)) {
            result.next();
            return result.getInt(1);
        }
    }
}
