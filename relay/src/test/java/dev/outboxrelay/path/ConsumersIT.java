package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.admin.ConsumerStatus;
import dev.outboxrelay.admin.RelayStatus;
import dev.outboxrelay.admin.Role;
import dev.outboxrelay.admin.TenantStatus;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.PullSubscribeOptions;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.ConsumerLimits;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Durable consumers are there before their applications, change while events flow, and are told of when they are not.
 */
@Timeout(120)
final class ConsumersIT {

    private static final Duration SOON = Duration.ofSeconds(2);

    private static Outbox outbox;
    private static TestNats nats;
    private static Connection client;
    private static JetStreamManagement management;
    private static RelayRig rig;

    @BeforeAll
    static void start() throws Exception {
        outbox = Outbox.create("consumers");
        nats = TestNats.start();
        client = nats.connection();
        management = client.jetStreamManagement();
        rig = outbox.relay(nats, settings()).awaitStreaming();
    }

    @AfterAll
    static void stop() throws Exception {
        rig.close();
        client.close();
        nats.close();
        outbox.close();
    }

    private static Map<String, String> settings() {
        return Map.of(
                "outbox.admin.lag-interval", "1s",
                "outbox.dead-letter.consumers", "true",
                "outbox.consumer-defaults.max-ack-pending", "400",
                "outbox.consumers[0].name", "from-yaml",
                "outbox.consumers[0].tenants", "yaml-*",
                "outbox.consumers[0].filter-subject", "events.order.>",
                "outbox.consumers[0].max-deliver", "5",
                "outbox.consumers[0].backoff", "1s, 10s");
    }

    @Test
    void what_the_file_and_the_table_ask_for_is_there_with_the_stream() throws Exception {
        operator("INSERT INTO outbox.consumer (tenant_id, name, ack_wait, max_ack_pending)"
                + " VALUES ('yaml-acme', 'from-table', '90 seconds', 7)");
        outbox.insert(Row.of("yaml-acme"));

        ConsumerConfiguration yaml = awaitConsumer("yaml-acme", "from-yaml").getConsumerConfiguration();
        ConsumerConfiguration table = awaitConsumer("yaml-acme", "from-table").getConsumerConfiguration();

        assertThat(yaml.getFilterSubject()).isEqualTo("tenant.yaml-acme.events.order.>");
        assertThat(yaml.getAckPolicy()).isEqualTo(AckPolicy.Explicit);
        assertThat(yaml.getMaxAckPending()).isEqualTo(400);
        assertThat(yaml.getMaxDeliver()).isEqualTo(5);
        assertThat(yaml.getBackoff()).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(10));
        assertThat(yaml.getDurable()).isEqualTo("from-yaml");
        assertThat(yaml.getMetadata()).containsEntry("outbox.tenant", "yaml-acme");
        assertThat(table.getFilterSubject()).isNull();
        assertThat(table.getAckWait()).isEqualTo(Duration.ofSeconds(90));
        assertThat(table.getMaxAckPending()).isEqualTo(7);
        assertThat(table.getMaxDeliver()).isEqualTo(-1);
        assertThat(table.getDeliverSubject()).isNull();
    }

    @Test
    void every_change_of_a_row_is_on_the_server_within_two_seconds_and_nothing_is_forgotten_by_it() throws Exception {
        operator("INSERT INTO outbox.consumer (tenant_id, name) VALUES ('flow', 'billing')");
        insert("flow", 20);
        awaitConsumer("flow", "billing");
        JetStreamSubscription application = bind("flow", "billing");
        List<Message> first = application.fetch(10, Duration.ofSeconds(5));
        for (Message message : first) {
            message.ackSync(Duration.ofSeconds(5));
        }

        change("max_ack_pending = 33", "flow", is -> is.getMaxAckPending() == 33);
        change("ack_wait = '1 minute'", "flow", is -> is.getAckWait().equals(Duration.ofMinutes(1)));
        change("filter_subject = 'events.>'", "flow", is -> "tenant.flow.events.>".equals(is.getFilterSubject()));
        change("max_deliver = 4", "flow", is -> is.getMaxDeliver() == 4);
        change(
                "backoff = '{2 seconds,3 minutes}'",
                "flow",
                is -> is.getBackoff().equals(List.of(Duration.ofSeconds(2), Duration.ofMinutes(3))));
        change(
                "backoff = NULL",
                "flow",
                is -> is.getBackoff().isEmpty() && is.getAckWait().equals(Duration.ofMinutes(1)));
        change("filter_subject = NULL", "flow", is -> is.getFilterSubject() == null);

        assertThat(first).hasSize(10);
        assertThat(info("flow", "billing").orElseThrow().getAckFloor().getStreamSequence())
                .isEqualTo(10);
        insert("flow", 5);
        Await.until(
                "new events wait for it",
                () -> info("flow", "billing").orElseThrow().getCalculatedPending() >= 15);
        application.unsubscribe();
    }

    private void change(String set, String tenant, Condition condition) throws Exception {
        insert(tenant, 1);
        long begin = System.nanoTime();
        operator("UPDATE outbox.consumer SET " + set + " WHERE tenant_id = '" + tenant + "'");
        Await.until(
                set + " on the server",
                SOON,
                () -> condition.isTrue(info(tenant, "billing").orElseThrow().getConsumerConfiguration()));
        System.out.printf(
                Locale.ROOT,
                "consumer: SET %s: on the server after %,.0f ms%n",
                set,
                (System.nanoTime() - begin) / 1e6);
    }

    private interface Condition {
        boolean isTrue(ConsumerConfiguration is);
    }

    @Test
    void a_row_for_every_tenant_reaches_streams_that_are_there_and_those_that_come() throws Exception {
        insert("there-1", 1);
        insert("there-2", 1);
        Await.until(
                "two streams",
                () -> Streams.size(client, "TENANT_THERE-1") + Streams.size(client, "TENANT_THERE-2") == 2);

        operator("INSERT INTO outbox.consumer (name, max_ack_pending) VALUES ('everywhere', 11)");
        operator("INSERT INTO outbox.consumer (tenant_id, name, max_ack_pending) VALUES ('there-2', 'everywhere', 12)");
        try {
            Await.until("there-1", SOON, () -> bound("there-1", "everywhere") == 11);
            Await.until("there-2", SOON, () -> bound("there-2", "everywhere") == 12);
            insert("there-3", 1);
            Await.until("there-3", Duration.ofSeconds(10), () -> bound("there-3", "everywhere") == 11);

            operator("DELETE FROM outbox.consumer WHERE tenant_id = 'there-2'");
            Await.until("there-2 as everybody", SOON, () -> bound("there-2", "everywhere") == 11);
        } finally {
            operator("DELETE FROM outbox.consumer WHERE name = 'everywhere'");
        }
        Await.until(
                "what nobody asks for any more is told of",
                () -> isSaid(
                        "there-1",
                        "consumer everywhere: nobody asks for it any more, and the relay deletes no"
                                + " consumer: once its application is gone, nats consumer rm TENANT_THERE-1 everywhere"));
        assertThat(bound("there-1", "everywhere")).isEqualTo(11);
    }

    @Test
    void a_consumer_whose_bound_cannot_be_changed_in_place_is_a_conflict_and_left_alone() throws Exception {
        insert("fixed", 3);
        Await.until("the stream", () -> Streams.size(client, "TENANT_FIXED") == 3);
        ConsumerInfo made = management.addOrUpdateConsumer(
                "TENANT_FIXED",
                ConsumerConfiguration.builder()
                        .durable("billing")
                        .deliverSubject("somewhere")
                        .ackPolicy(AckPolicy.None)
                        .build());

        operator("INSERT INTO outbox.consumer (tenant_id, name, max_ack_pending) VALUES ('fixed', 'billing', 10)");

        String conflict =
                "consumer billing: not as it should be: it is a push consumer, but a pull consumer is asked for;"
                        + " its messages are not acknowledged one by one. NATS cannot change that in place. Once its"
                        + " application has stopped: nats consumer rm TENANT_FIXED billing; the relay makes it anew, and it reads"
                        + " the stream from its first message. Or ask for a consumer of another name.";
        Await.until("it is told of", () -> isSaid("fixed", conflict));
        assertThat(info("fixed", "billing").orElseThrow().getCreationTime()).isEqualTo(made.getCreationTime());
        insert("fixed", 3);
        Await.until("its events flow all the same", () -> Streams.size(client, "TENANT_FIXED") == 6);

        management.deleteConsumer("TENANT_FIXED", "billing");
        Await.until("made as it should be, once somebody deleted it", () -> bound("fixed", "billing") == 10);
        Await.until("no longer told of", () -> !isSaid("fixed", conflict));
    }

    @Test
    void what_a_consumer_gives_up_is_a_dead_letter_of_its_own_kind_as_the_message_is() throws Exception {
        operator("INSERT INTO outbox.consumer (tenant_id, name, max_deliver) VALUES ('poison', 'billing', 1)");
        List<Row> rows = List.of(
                Row.of("poison", "events.first").with("one".getBytes(StandardCharsets.UTF_8)),
                Row.of("poison", "events.second").with("two".getBytes(StandardCharsets.UTF_8)),
                Row.of("poison", "events.fine"));
        outbox.insert(rows);
        awaitConsumer("poison", "billing");
        JetStreamSubscription application = bind("poison", "billing");
        List<Message> messages = application.fetch(3, Duration.ofSeconds(5));
        messages.get(0).nak();
        client.publish(messages.get(1).getReplyTo(), "+TERM no such order".getBytes(StandardCharsets.UTF_8));
        messages.get(2).ackSync(Duration.ofSeconds(5));

        String letters = "outbox.dead_letter WHERE kind = 'consumer' AND tenant_id = 'poison'";
        Await.until("both are written", () -> {
            application.fetch(1, Duration.ofMillis(100)); // the server gives up when it would deliver once more
            return outbox.count(letters) == 2;
        });
        String text = "SELECT string_agg(concat_ws(' | ', source, event_id, subject, convert_from(payload, 'UTF8'),"
                + " reason, error, attempts, state, committed_at IS NOT NULL), E'\n' ORDER BY subject) FROM " + letters;
        assertThat(outbox.value(text))
                .isEqualTo("TENANT_POISON/billing | " + rows.get(0).id()
                        + " | tenant.poison.events.first | one | max_deliveries | consumer billing gave it up after"
                        + " 1 delivery; the message is in TENANT_POISON at sequence 1 | 1 | dead | t\n"
                        + "TENANT_POISON/billing | " + rows.get(1).id()
                        + " | tenant.poison.events.second | two | terminated | consumer billing refused it for good:"
                        + " no such order; the message is in TENANT_POISON at sequence 2 | 1 | dead | t");
        assertThat(outbox.count("outbox.message WHERE tenant_id = 'poison' AND status = 'failed'"))
                .as("they were published")
                .isZero();
        insert("poison", 1);
        Await.until("its events go on", () -> Streams.size(client, "TENANT_POISON") == 4);
    }

    @Test
    void a_bound_that_the_server_refuses_is_told_in_its_words_and_tried_again() throws Exception {
        management.addStream(Streams.preparedFor("limited")
                .consumerLimits(ConsumerLimits.builder().maxAckPending(100).build())
                .build());
        operator("INSERT INTO outbox.consumer (tenant_id, name, max_ack_pending) VALUES ('limited', 'billing', 101)");
        insert("limited", 3);

        Await.until("it is told of", () -> "unprovisioned".equals(trouble("limited", "billing")));
        assertThat(String.join("\n", tenant("limited").orElseThrow().reasons()))
                .contains("it cannot be created as outbox.consumer (limited, billing) says: ", "max ack pending");
        Await.until("its events flow all the same", () -> Streams.size(client, "TENANT_LIMITED") == 3);

        operator("UPDATE outbox.consumer SET max_ack_pending = 100 WHERE tenant_id = 'limited'");
        Await.until("made once it may be", SOON, () -> bound("limited", "billing") == 100);
    }

    @Test
    void a_row_that_cannot_be_used_is_reported_and_the_last_good_one_stays() throws Exception {
        operator("INSERT INTO outbox.consumer (tenant_id, name, filter_subject) VALUES ('bad', 'billing', 'events.>')");
        insert("bad", 1);
        awaitConsumer("bad", "billing");

        operator("UPDATE outbox.consumer SET filter_subject = 'tenant.flow.events.>' WHERE tenant_id = 'bad'");

        Await.until(
                "it is reported",
                SOON,
                () -> rig.relay().status().policyProblems().containsKey("consumer bad/billing"));
        assertThat(rig.relay().status().policyProblems().get("consumer bad/billing"))
                .contains("its own tenant's prefix");
        assertThat(info("bad", "billing")
                        .orElseThrow()
                        .getConsumerConfiguration()
                        .getFilterSubject())
                .isEqualTo("tenant.bad.events.>");
        operator("UPDATE outbox.consumer SET filter_subject = 'tenant.bad.x' WHERE tenant_id = 'bad'");
        Await.until(
                "mended",
                SOON,
                () -> "tenant.bad.x"
                        .equals(info("bad", "billing")
                                .orElseThrow()
                                .getConsumerConfiguration()
                                .getFilterSubject()));
        assertThat(rig.relay().status().policyProblems()).doesNotContainKey("consumer bad/billing");
    }

    @Test
    void what_somebody_deletes_or_edits_by_hand_is_mended() throws Exception {
        operator("INSERT INTO outbox.consumer (tenant_id, name) VALUES ('drift', 'billing')");
        insert("drift", 1);
        ConsumerInfo made = awaitConsumer("drift", "billing");

        ConsumerInfo edited = management.updateConsumer(
                "TENANT_DRIFT",
                ConsumerConfiguration.builder(made.getConsumerConfiguration())
                        .maxAckPending(1)
                        .description("edited")
                        .build());
        assertThat(edited.getConsumerConfiguration().getMaxAckPending()).isEqualTo(1);
        insert("drift", 1);
        Await.until("the edit is mended", () -> bound("drift", "billing") == 400);
        assertThat(info("drift", "billing")
                        .orElseThrow()
                        .getConsumerConfiguration()
                        .getDescription())
                .isEqualTo("edited");

        management.deleteConsumer("TENANT_DRIFT", "billing");
        Await.until("it is made again", () -> bound("drift", "billing") == 400);
        management.deleteStream("TENANT_DRIFT");
        insert("drift", 1);
        Await.until("it is made with a new stream", () -> bound("drift", "billing") == 400);
    }

    @Test
    void only_the_leader_looks_and_who_takes_over_looks_too() throws Exception {
        try (Outbox own = Outbox.create("consumers_ha")) {
            Map<String, String> settings = own.settings(nats, settings());
            RelayRig first = RelayRig.start(settings).awaitStreaming();
            try (RelayRig second = RelayRig.start(settings)) {
                own.insert(Row.of("watched"));
                Await.until("a standby", () -> second.relay().status().role() == Role.STANDBY);
                Await.until(
                        "the leader looks", () -> first.relay().status().lag().at() != null);
                assertThat(second.relay().status().lag().at()).isNull();
                assertThat(second.relay().status().tenants()).isEmpty();

                first.close();

                Await.until(
                        "the next one looks",
                        () -> second.relay().status().lag().at() != null);
                assertThat(first.relay().status().lag().at()).isNull();
                Await.until(
                        "and knows tenants that are silent",
                        () -> second.relay().status().tenants().stream()
                                .anyMatch(tenant -> tenant.tenant().equals("watched")));
            } finally {
                first.close();
            }
        }
    }

    private static void operator(String sql) throws SQLException {
        try (java.sql.Connection operator = outbox.as(TestPostgres.OPERATOR);
                Statement statement = operator.createStatement()) {
            statement.execute(sql);
        }
    }

    private static void insert(String tenant, int rows) throws SQLException {
        for (int i = 0; i < rows; i++) {
            outbox.insert(Row.of(tenant));
        }
    }

    private static JetStreamSubscription bind(String tenant, String name) throws Exception {
        return client.jetStream().subscribe(null, PullSubscribeOptions.bind(Streams.of(tenant), name));
    }

    private static ConsumerInfo awaitConsumer(String tenant, String name) {
        Await.until(
                "consumer " + name + " of " + tenant, () -> info(tenant, name).isPresent());
        try {
            return info(tenant, name).orElseThrow();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static Optional<ConsumerInfo> info(String tenant, String name) throws Exception {
        try {
            return Optional.of(management.getConsumerInfo(Streams.of(tenant), name));
        } catch (JetStreamApiException e) {
            return Optional.empty();
        }
    }

    private static long bound(String tenant, String name) throws Exception {
        return info(tenant, name)
                .map(info -> info.getConsumerConfiguration().getMaxAckPending())
                .orElse(0L);
    }

    private static Optional<TenantStatus> tenant(String id) {
        RelayStatus status = rig.relay().status();
        return status.tenants().stream()
                .filter(tenant -> tenant.tenant().equals(id))
                .findFirst();
    }

    private static boolean isSaid(String tenant, String reason) {
        return tenant(tenant).stream().anyMatch(status -> status.reasons().contains(reason));
    }

    private static @Nullable String trouble(String tenant, String name) {
        return tenant(tenant).stream()
                .flatMap(status -> status.consumers().stream())
                .filter(consumer -> consumer.name().equals(name))
                .map(ConsumerStatus::trouble)
                .findFirst()
                .orElse(null);
    }
}
