package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.config.Reader;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Message;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StreamConfiguration;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Routing rules in the table: they take effect in their place among the events, and a bad one changes nothing. */
final class RoutesIT {

    private static final Duration PROMISED = Duration.ofSeconds(2);
    private static int databases;
    private static TestNats nats;
    private static io.nats.client.Connection client;

    @TempDir
    private Path folder;

    private Outbox outbox;

    @BeforeAll
    static void startNats() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
    }

    @AfterAll
    static void stopNats() {
        nats.close();
    }

    @BeforeEach
    void install() throws Exception {
        outbox = Outbox.create("routes_" + databases++);
    }

    @AfterEach
    void drop() throws Exception {
        outbox.close();
    }

    private RelayRig relay(Reader reader) {
        return outbox.relay(nats, Map.of("outbox.source.reader", reader.name().toLowerCase(Locale.ROOT)))
                .awaitStreaming();
    }

    @ParameterizedTest
    @EnumSource(Reader.class)
    void events_before_a_change_go_by_the_old_rule_and_those_behind_it_by_the_new_one(Reader reader) throws Exception {
        String tenant = "order-" + reader.name().toLowerCase(Locale.ROOT);
        List<String> wanted = new ArrayList<>();
        try (RelayRig rig = relay(reader);
                Connection everybody = outbox.superuser()) {
            everybody.setAutoCommit(false);
            for (int round = 0; round < 40; round++) {
                String before = round == 0 ? "events" : "v" + (round - 1);
                insert(everybody, tenant, wanted, before, 3);
                if (round % 2 == 0) {
                    everybody.commit(); // else the events before it, the change and those behind are one transaction
                }
                route(everybody, "move", 1, "events.>", "'rewrite'", "'v" + round + ".{rest}'");
                if (round % 3 == 0) {
                    everybody.commit();
                }
                insert(everybody, tenant, wanted, "v" + round, 2);
                everybody.commit();
            }
            execute(everybody, "DELETE FROM outbox.route");
            insert(everybody, tenant, wanted, "events", 2);
            everybody.commit();
            String last = "tenant." + tenant + ".events.1";
            assertThat(wanted).endsWith(last);

            Await.until("the last event", () -> Streams.size(client, Streams.of(tenant)) == wanted.size());
        }
        List<Message> messages = Streams.messages(client, Streams.of(tenant));
        assertThat(messages).extracting(Message::getSubject).isEqualTo(wanted);
        assertThat(messages)
                .extracting(Streams::id)
                .isEqualTo(outbox.committed().get(tenant));
    }

    @ParameterizedTest
    @EnumSource(Reader.class)
    void a_change_takes_effect_within_two_seconds_and_a_bad_one_not_at_all(Reader reader) throws Exception {
        String tenant = "soon-" + reader.name().toLowerCase(Locale.ROOT);
        try (RelayRig rig = relay(reader);
                Connection operator = outbox.as(TestPostgres.OPERATOR)) {
            outbox.insert(Row.of(tenant, "events.first"));
            Await.until("the first", () -> Streams.size(client, Streams.of(tenant)) == 1);

            route(operator, "r", 1, "events.>", "'rewrite'", "'moved.{rest}'");
            outbox.insert(Row.of(tenant, "events.second"));
            Await.until("the second", PROMISED, () -> Streams.size(client, Streams.of(tenant)) == 2);
            assertThatThrownBy(
                            () -> execute(operator, "UPDATE outbox.route SET subject_template = 'tenant.other.{rest}'"))
                    .hasMessageContaining("route_subject_template");
            // names of headers that differ only by case: beyond what the constraints see
            execute(operator, "UPDATE outbox.route SET headers = '{\"a\": \"1\", \"A\": \"2\"}'");
            outbox.insert(Row.of(tenant, "events.third"));
            Await.until("the third", PROMISED, () -> Streams.size(client, Streams.of(tenant)) == 3);
            execute(operator, "UPDATE outbox.route SET headers = '{\"X-Kind\": \"moved\"}', subject_template = NULL");
            outbox.insert(Row.of(tenant, "events.fourth").withHeaders("{\"traceparent\": \"00-ab\"}"));
            Await.until("the fourth", PROMISED, () -> Streams.size(client, Streams.of(tenant)) == 4);
            execute(operator, "UPDATE outbox.route SET enabled = false");
            outbox.insert(Row.of(tenant, "events.fifth"));
            Await.until("the fifth", PROMISED, () -> Streams.size(client, Streams.of(tenant)) == 5);
        }
        List<Message> messages = Streams.messages(client, Streams.of(tenant));
        assertThat(messages)
                .extracting(message -> message.getSubject().substring(("tenant." + tenant).length()))
                .containsExactly(".events.first", ".moved.second", ".moved.third", ".events.fourth", ".events.fifth");
        assertThat(messages.get(3).getHeaders().getFirst("X-Kind")).isEqualTo("moved");
        assertThat(messages.get(3).getHeaders().getFirst("traceparent")).isEqualTo("00-ab");
        assertThat(messages.get(4).getHeaders().getFirst("X-Kind")).isNull();
    }

    @Test
    void dropped_events_are_settled_and_counted_and_those_for_the_dead_letters_are_there() throws Exception {
        try (Connection operator = outbox.as(TestPostgres.OPERATOR)) {
            route(operator, "no pings", 1, "ping.>", "'drop'", "NULL");
            route(operator, "bury", 2, "odd.*", "'dead_letter'", "NULL");
        }
        Row odd = Row.of("mixed", "odd.one");
        Row kept = Row.of("mixed", "events.a");
        List<Row> pings =
                Stream.generate(() -> Row.of("mixed", "ping.a")).limit(20).toList();
        try (RelayProcess relay = RelayProcess.start(outbox.settings(nats, Map.of()), folder.resolve("relay.log"))
                .awaitReady()) {
            List<Row> rows = new ArrayList<>(pings);
            rows.add(odd);
            rows.add(kept);
            rows.add(Row.of("only-pings", "ping.b"));
            outbox.insert(rows);

            outbox.awaitAllMarked(Duration.ofSeconds(30));

            assertThat(relay.metric("outbox_relay_events_dropped_total")).isEqualTo(21);
            assertThat(relay.metric("outbox_relay_events_published_total")).isEqualTo(1);
            // a replay is judged by the rules as they are then
            outbox.execute("UPDATE outbox.route SET enabled = false");
            outbox.execute("UPDATE outbox.dead_letter SET state = 'replaying'");
            Await.until("the replay", () -> Streams.size(client, Streams.of("mixed")) == 2);
        }
        assertThat(Streams.ids(client, "mixed")).containsExactly(kept.id(), odd.id());
        assertThat(client.jetStreamManagement().getStreamNames()).doesNotContain(Streams.of("only-pings"));
        assertThat(outbox.count("outbox.message WHERE status = 'published' AND subject LIKE 'ping.%'"))
                .isEqualTo(21);
        assertThat(outbox.value("SELECT reason || ': ' || subject || ': ' || error FROM outbox.dead_letter"))
                .isEqualTo("routed_to_dead_letter: odd.one: routing rule 'bury' sends it to the dead letters");
    }

    @Test
    void a_relay_that_was_killed_finds_other_rules_and_neither_doubles_nor_loses_what_it_published() throws Exception {
        // nothing is marked, and so nothing settled, when it is killed: everything comes again
        Map<String, String> unmarked = Map.of("outbox.settle.linger", "10s", "outbox.settle.batch", "10000");
        List<Row> first = rows("killed", "keep.a", "bury.a", "keep.b", "drop.a", "bury.b", "drop.b");
        List<Row> second = rows("killed", "drop.c", "keep.c", "bury.c", "keep.d");
        Path log = folder.resolve("relay.log");
        try (RelayProcess relay =
                RelayProcess.start(outbox.settings(nats, unmarked), log).awaitReady()) {
            outbox.insert(first);
            Await.until("all are published", () -> Streams.size(client, Streams.of("killed")) == first.size());
            relay.kill();
        }
        try (Connection operator = outbox.as(TestPostgres.OPERATOR)) {
            route(operator, "drop", 1, "drop.>", "'drop'", "NULL");
            route(operator, "bury", 2, "bury.>", "'dead_letter'", "NULL");
        }
        try (RelayProcess relay =
                RelayProcess.start(outbox.settings(nats, Map.of()), log).awaitReady()) {
            outbox.insert(second);
            outbox.awaitAllMarked(Duration.ofSeconds(30));
            assertThat(relay.log()).doesNotContain("should have come again");
        }
        List<String> wanted = new ArrayList<>(first.stream().map(Row::id).toList());
        wanted.add(second.get(1).id());
        wanted.add(second.get(3).id());
        assertThat(Streams.ids(client, "killed")).isEqualTo(wanted);
        assertThat(outbox.value("SELECT string_agg(event_id, ' ') FROM outbox.dead_letter"))
                .isEqualTo(second.get(2).id());
    }

    @Test
    void an_event_that_was_dropped_and_not_settled_before_a_kill_goes_by_the_rules_of_the_next_start()
            throws Exception {
        Map<String, String> unmarked = Map.of("outbox.settle.linger", "10s", "outbox.settle.batch", "10000");
        List<Row> rows = rows("undone", "drop.before", "keep.last", "drop.behind");
        Path log = folder.resolve("relay.log");
        outbox.execute("INSERT INTO outbox.route (name, priority, subject_pattern, action)"
                + " VALUES ('drop', 1, 'drop.>', 'drop')");
        try (RelayProcess relay =
                RelayProcess.start(outbox.settings(nats, unmarked), log).awaitReady()) {
            outbox.insert(rows);
            Await.until(
                    "both are dropped",
                    () -> relay.metric("outbox_relay_events_dropped_total") == 2
                            && Streams.size(client, Streams.of("undone")) == 1);
            relay.kill();
        }
        outbox.execute("DELETE FROM outbox.route");
        try (RelayProcess relay =
                RelayProcess.start(outbox.settings(nats, Map.of()), log).awaitReady()) {
            outbox.awaitAllMarked(Duration.ofSeconds(30));
            assertThat(relay.log()).doesNotContain("should have come again");
        }
        // what lies before the last event in the stream was accounted for; what lies behind it had not been
        assertThat(Streams.ids(client, "undone"))
                .containsExactly(rows.get(1).id(), rows.get(2).id());
    }

    @Test
    void parked_events_are_routed_anew_and_those_that_a_rule_drops_are_discarded() throws Exception {
        client.jetStreamManagement().addStream(full(1));
        Map<String, String> settings = outbox.settings(nats, Map.of("outbox.lanes.park-after", "200ms"));
        try (RelayProcess relay = RelayProcess.start(settings, folder.resolve("relay.log"))
                        .awaitReady();
                Connection operator = outbox.as(TestPostgres.OPERATOR)) {
            List<Row> rows =
                    rows("parked", "events.a", "plain.a", "drop.a", "events.b", "drop.b", "events.c", "bury.a");
            outbox.insert(rows);
            Await.until("six are parked", () -> outbox.count("outbox.dead_letter WHERE state = 'parked'") == 6);
            route(operator, "drop", 1, "drop.>", "'drop'", "NULL");
            route(operator, "bury", 2, "bury.>", "'dead_letter'", "NULL");
            route(operator, "move", 3, "events.>", "'rewrite'", "'late.{rest}'");
            outbox.insert(Row.of("probe", "drop.a"));
            Await.until(
                    "the rules are in force",
                    () -> outbox.count("outbox.message WHERE status = 'published'" + " AND tenant_id = 'probe'") == 1);
            double retries = relay.metric("outbox_relay_retries_total");
            // what is being tried goes by the rules of before: from the second time on that is the first of them alone
            Await.until("two more tries", () -> relay.metric("outbox_relay_retries_total") >= retries + 2);
            client.jetStreamManagement().updateStream(full(1_000));

            outbox.awaitAllMarked(Duration.ofSeconds(30));

            assertThat(Streams.messages(client, Streams.of("parked")))
                    .extracting(Message::getSubject)
                    .containsExactly(
                            "tenant.parked.events.a",
                            "tenant.parked.plain.a",
                            "tenant.parked.late.b",
                            "tenant.parked.late.c");
            assertThat(outbox.value("SELECT string_agg(subject || ' ' || state, ', ' ORDER BY seq)"
                            + " FROM outbox.dead_letter"))
                    .isEqualTo(
                            "plain.a sent, drop.a discarded, events.b sent, drop.b discarded, events.c sent, bury.a dead");
            assertThat(outbox.value("SELECT string_agg(subject || ' ' || status, ', ' ORDER BY seq)"
                            + " FROM outbox.message WHERE tenant_id = 'parked'"
                            + " AND (subject LIKE 'drop%' OR subject LIKE 'bury%')"))
                    .isEqualTo("drop.a published, drop.b published, bury.a failed");
            assertThat(outbox.value("SELECT error FROM outbox.dead_letter WHERE subject = 'drop.a'"))
                    .isEqualTo("dropped by routing rule 'drop'");
        }
    }

    private static StreamConfiguration full(int limit) {
        return Streams.preparedFor("parked")
                .discardPolicy(DiscardPolicy.New)
                .maxMessages(limit)
                .build();
    }

    private static List<Row> rows(String tenant, String... subjects) {
        return Stream.of(subjects).map(subject -> Row.of(tenant, subject)).toList();
    }

    /** Events whose first token is what the stream is to have instead of {@code events}. */
    private static void insert(Connection writer, String tenant, List<String> wanted, String first, int count)
            throws SQLException {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rows.add(Row.of(tenant, "events." + i).with(first.getBytes(StandardCharsets.UTF_8)));
            wanted.add("tenant." + tenant + '.' + first + '.' + i);
        }
        Outbox.insert(writer, rows);
    }

    private static void route(
            Connection operator, String name, int priority, String subjects, String action, String template)
            throws SQLException {
        execute(
                operator,
                "INSERT INTO outbox.route (name, priority, subject_pattern, action, subject_template) VALUES ('%s', %d, '%s', %s, %s) ON CONFLICT (name) DO UPDATE SET subject_template = excluded.subject_template"
                        .formatted(name, priority, subjects, action, template));
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
