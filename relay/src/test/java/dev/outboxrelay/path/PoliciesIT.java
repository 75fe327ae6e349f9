package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.admin.TenantStatus;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.CompressionOption;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StreamConfiguration;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Policies that change while events flow: what the server says two seconds later, and in which order it all comes. */
final class PoliciesIT {

    private static final Duration SOON = Duration.ofSeconds(2);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static Outbox outbox;
    private static TestNats nats;
    private static Connection client;
    private static RelayRig rig;

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("policies");
        outbox.execute("INSERT INTO outbox.tenant (tenant_id, max_messages) VALUES ('early', 77)");
        rig = outbox.relay(
                        nats,
                        Map.of(
                                "outbox.lanes.park-after", "300ms",
                                "outbox.policies[0].tenants", "group-*",
                                "outbox.policies[0].max-messages", "55",
                                "outbox.policies[1].tenants", "verified",
                                "outbox.policies[1].provision", "verify",
                                "outbox.policies[2].tenants", "off",
                                "outbox.policies[2].provision", "off"))
                .awaitStreaming();
    }

    @AfterAll
    static void stop() throws Exception {
        rig.close();
        nats.close();
        outbox.close();
    }

    @AfterEach
    void nothing_is_lost_doubled_or_out_of_order() throws Exception {
        outbox.awaitAllMarked(PATIENCE);
        Map<String, List<String>> committed = outbox.committed();
        for (Map.Entry<String, List<String>> tenant : committed.entrySet()) {
            if (!List.of("deleted", "poisoned").contains(tenant.getKey())) {
                assertThat(Streams.ids(client, tenant.getKey()))
                        .as(tenant.getKey())
                        .isEqualTo(tenant.getValue());
            }
        }
    }

    /** As an operator does it. */
    private static void policy(String tenant, String assignment) throws SQLException {
        String column = assignment.substring(0, assignment.indexOf(' '));
        String value = assignment.substring(assignment.indexOf('=') + 1);
        operator("INSERT INTO outbox.tenant (tenant_id, " + column + ") VALUES ('" + tenant + "', " + value
                + ") ON CONFLICT (tenant_id) DO UPDATE SET " + column + " = excluded." + column);
    }

    private static void operator(String sql) throws SQLException {
        try (var operator = outbox.as(TestPostgres.OPERATOR);
                Statement statement = operator.createStatement()) {
            statement.execute(sql);
        }
    }

    private static List<Row> rows(String tenant, int count) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rows.add(Row.of(tenant));
        }
        return rows;
    }

    private static JetStreamManagement management() throws Exception {
        return client.jetStreamManagement();
    }

    private static StreamConfiguration config(String tenant) throws Exception {
        return management().getStreamInfo(Streams.of(tenant)).getConfiguration();
    }

    private static void awaitSize(String tenant, long size) {
        Await.until(size + " messages of " + tenant, PATIENCE, () -> Streams.size(client, Streams.of(tenant)) == size);
    }

    private static TenantStatus status(String tenant) {
        return rig.relay().status().tenants().stream()
                .filter(each -> each.tenant().equals(tenant))
                .findFirst()
                .orElseThrow();
    }

    private static int parked(String tenant) throws Exception {
        return outbox.count("outbox.dead_letter WHERE state = 'parked' AND tenant_id = '" + tenant + "'");
    }

    private static void awaitFinding(String tenant, String words) {
        Await.until(words, SOON, () -> status(tenant).reasons().toString().contains(words));
    }

    @Test
    void each_limit_is_what_the_server_says_within_two_seconds_while_events_flow() throws Exception {
        outbox.insert(rows("flow", 20));
        awaitSize("flow", 20);
        assertThat(config("flow").getMaxMsgs()).isEqualTo(1_000_000);
        Map<String, Predicate<StreamConfiguration>> changes = new java.util.LinkedHashMap<>();
        changes.put("max_age = '3 days'", is -> is.getMaxAge().equals(Duration.ofDays(3)));
        changes.put("max_messages = 5000", is -> is.getMaxMsgs() == 5_000);
        changes.put("max_bytes = 50000000", is -> is.getMaxBytes() == 50_000_000);
        changes.put("duplicate_window = '30 s'", is -> is.getDuplicateWindow().equals(Duration.ofSeconds(30)));
        changes.put("discard = 'new'", is -> is.getDiscardPolicy() == DiscardPolicy.New);
        changes.put("compression = 's2'", is -> is.getCompressionOption() == CompressionOption.S2);
        changes.put("max_age = '0'", is -> is.getMaxAge().isZero());
        changes.put("max_messages = -1", is -> is.getMaxMsgs() == -1);
        changes.put("max_age = '1 min', duplicate", is -> is.getMaxAge().equals(Duration.ofDays(7)));

        for (Map.Entry<String, Predicate<StreamConfiguration>> change : changes.entrySet()) {
            outbox.insert(rows("flow", 50));
            if (change.getKey().endsWith("duplicate")) {
                operator("DELETE FROM outbox.tenant WHERE tenant_id = 'flow'");
            } else {
                policy("flow", change.getKey());
            }
            long begin = System.nanoTime();
            outbox.insert(rows("flow", 50));
            Await.until(change.getKey(), SOON, () -> change.getValue().test(config("flow")));
            System.out.printf("%s: %d ms%n", change.getKey(), (System.nanoTime() - begin) / 1_000_000);
        }
        awaitSize("flow", 20 + 900);
    }

    @Test
    void bounds_of_the_lane_change_while_events_flow() throws Exception {
        for (String change : List.of(
                "max_in_flight = 1",
                "max_in_flight = 3",
                "retry_backoff = '10 ms'",
                "retry_max_attempts = 3",
                "park_after = '5 s'",
                "max_in_flight = 1000",
                "retry_backoff_max = '1 s'")) {
            outbox.insert(rows("bounds", 100));
            policy("bounds", change);
            outbox.insert(rows("bounds", 100));
        }
        awaitSize("bounds", 1_400);
    }

    @Test
    void a_policy_may_be_there_before_its_tenant() throws Exception {
        policy("later", "max_messages = 66");
        outbox.insert(Row.of("early"), Row.of("later"), Row.of("group-a"));

        awaitSize("early", 1);
        awaitSize("later", 1);
        awaitSize("group-a", 1);
        assertThat(config("early").getMaxMsgs()).isEqualTo(77);
        assertThat(config("later").getMaxMsgs()).isEqualTo(66);
        assertThat(config("group-a").getMaxMsgs()).isEqualTo(55);
    }

    @Test
    void an_event_committed_after_a_change_sees_it_and_what_was_parked_goes_first() throws Exception {
        outbox.insert(rows("paused", 10));
        awaitSize("paused", 10);

        policy("paused", "paused = true");
        outbox.insert(rows("paused", 20));
        Await.until("what came behind the pause is parked", PATIENCE, () -> parked("paused") == 20);
        assertThat(Streams.size(client, Streams.of("paused"))).isEqualTo(10);
        assertThat(status("paused").state()).isEqualTo("paused");

        // in one transaction: an event, the change, an event
        try (var both = outbox.superuser()) {
            both.setAutoCommit(false);
            Outbox.insert(both, rows("paused", 5));
            try (Statement statement = both.createStatement()) {
                statement.execute("UPDATE outbox.tenant SET paused = NULL WHERE tenant_id = 'paused'");
            }
            Outbox.insert(both, rows("paused", 5));
            both.commit();
        }
        awaitSize("paused", 40);
    }

    @Test
    void a_tenant_that_is_paused_before_its_first_event_gets_no_stream_until_it_goes_on() throws Exception {
        policy("asleep", "paused = true");
        outbox.insert(rows("asleep", 8));
        Await.until("parked", PATIENCE, () -> parked("asleep") == 8);
        assertThat(management().getStreamNames()).doesNotContain("TENANT_ASLEEP");

        policy("asleep", "paused = false");

        awaitSize("asleep", 8);
    }

    @Test
    void poison_holds_and_skips_as_the_row_says_now() throws Exception {
        outbox.insert(Row.of("poisoned"));
        policy("poisoned", "poison = 'hold'");
        Row bad = Row.of("poisoned", "a..b");
        outbox.insert(List.of(bad));
        outbox.insert(rows("poisoned", 3));
        Await.until("what comes behind waits", PATIENCE, () -> parked("poisoned") == 3);

        policy("poisoned", "poison = 'skip'");

        awaitSize("poisoned", 4);
        operator(
                "UPDATE outbox.dead_letter SET state = 'replaying', replay_subject = 'a.b' WHERE tenant_id = 'poisoned'"
                        + " AND state = 'dead'");
        awaitSize("poisoned", 5);
        // sent late on purpose: its place is not the one in which it was committed
        assertThat(Streams.ids(client, "poisoned").get(4)).isEqualTo(bad.id());
    }

    @Test
    void what_nats_cannot_do_is_said_with_a_hint_and_events_go_on() throws Exception {
        outbox.insert(rows("odd", 5));
        awaitSize("odd", 5);

        policy("odd", "replicas = 3");
        awaitFinding("odd", "a single server takes outbox.streams.replicas: 1");
        policy("odd", "replicas = NULL");
        Await.until("the finding is gone", SOON, () -> status("odd").reasons().isEmpty());
        policy("odd", "storage = 'memory'");
        awaitFinding("odd", "which NATS cannot change for a stream that exists");
        outbox.insert(rows("odd", 5));
        awaitSize("odd", 10);
        policy("odd", "duplicate_window = '1 min'");
        policy("odd", "max_age = '1 min'");
        Await.until("the age", SOON, () -> config("odd").getMaxAge().equals(Duration.ofMinutes(1)));
        assertThatThrownBy(() -> policy("odd", "duplicate_window = '2 min'"))
                .hasMessageContaining("tenant_duplicate_window_within_max_age");
        policy("odd", "storage = NULL");
        Await.until("the finding is gone", SOON, () -> status("odd").reasons().isEmpty());
    }

    @Test
    void a_row_that_no_constraint_stopped_is_ignored_while_the_last_good_one_stays() throws Exception {
        policy("good", "max_messages = 44");
        outbox.execute("ALTER TABLE outbox.tenant DISABLE TRIGGER policy_changed;"
                + " ALTER TABLE outbox.tenant DROP CONSTRAINT tenant_max_age_range;"
                + " ALTER TABLE outbox.tenant ENABLE TRIGGER policy_changed");
        operator("UPDATE outbox.tenant SET max_age = '5 ms', max_messages = 43 WHERE tenant_id = 'good'");
        outbox.insert(Row.of("good"));

        awaitSize("good", 1);
        assertThat(config("good").getMaxMsgs()).isEqualTo(44);
    }

    @Test
    void a_stream_that_takes_the_same_subjects_is_named_and_nobody_else_waits() throws Exception {
        management()
                .addStream(StreamConfiguration.builder()
                        .name("OVERLAP")
                        .subjects("tenant.over.>")
                        .build());
        outbox.insert(rows("over", 3));
        outbox.insert(rows("beside", 3));
        awaitSize("beside", 3);
        Await.until(
                "the reason",
                PATIENCE,
                () -> Objects.requireNonNullElse(status("over").lastError(), "")
                        .contains("another stream takes these subjects"));

        management().deleteStream("OVERLAP");

        awaitSize("over", 3);
    }

    @Test
    void what_somebody_changes_on_the_server_is_put_back_and_what_is_deleted_made_again() throws Exception {
        outbox.insert(rows("drift", 10));
        awaitSize("drift", 10);
        management()
                .updateStream(StreamConfiguration.builder(config("drift"))
                        .maxMessages(500)
                        .maxAge(Duration.ofDays(30))
                        .build());
        Await.until(
                "it is put back",
                SOON,
                () -> config("drift").getMaxMsgs() == 1_000_000
                        && config("drift").getMaxAge().equals(Duration.ofDays(7)));
        assertThat(Streams.size(client, Streams.of("drift"))).isEqualTo(10);

        outbox.insert(rows("deleted", 5));
        awaitSize("deleted", 5);
        management().deleteStream(Streams.of("deleted"));
        policy("deleted", "max_messages = 33");
        outbox.insert(rows("deleted", 3));
        awaitSize("deleted", 3);
        assertThat(config("deleted").getMaxMsgs()).isEqualTo(33);
    }

    @Test
    void streams_of_others_are_compared_and_left_alone() throws Exception {
        management().addStream(Streams.preparedFor("theirs").maxMessages(9).build());
        management().addStream(Streams.preparedFor("off").maxMessages(9).build());
        outbox.insert(Row.of("theirs"), Row.of("verified"), Row.of("off"));

        awaitSize("theirs", 1);
        awaitFinding("theirs", "left alone");
        assertThat(config("theirs").getMaxMsgs()).isEqualTo(9);
        awaitSize("off", 1);
        assertThat(status("off").lastError()).isNull();
        assertThat(status("off").reasons()).isEmpty();
        Await.until(
                "the reason",
                PATIENCE,
                () -> Objects.requireNonNullElse(status("verified").lastError(), "")
                        .contains("there is no stream, and provision is verify"));

        management().addStream(Streams.preparedFor("verified").build());

        awaitSize("verified", 1);
    }

    @Test
    void without_the_change_feed_the_relay_works_and_reads_policies_when_it_starts() throws Exception {
        try (Outbox older = Outbox.create("policies_older")) {
            older.execute("ALTER PUBLICATION outbox DROP TABLE outbox.policy_change");
            older.execute("INSERT INTO outbox.tenant (tenant_id, max_messages) VALUES ('aged', 22)");
            try (RelayRig second = older.relay(nats, Map.of())) {
                second.awaitStreaming();
                older.insert(Row.of("aged"));
                older.awaitAllMarked(PATIENCE);
                assertThat(config("aged").getMaxMsgs()).isEqualTo(22);
            }
        }
    }
}
