package dev.outboxrelay.adopt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.PullSubscribeOptions;
import io.nats.client.api.PublishAck;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfoOptions;
import io.nats.client.api.Subject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Applications that know nothing of this product, moved over from their pollers while they go on writing, by the SQL
 * and YAML of the guides as these print it. Afterwards every row of the business tables is compared with the streams.
 */
final class AdoptionIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final List<String> TENANTS = List.of("north", "south");
    /** More than the relay reads back to find a message of its own. */
    private static final int OLD_MESSAGES = 1_100;

    @TempDir
    private Path folder;

    @Test
    void an_outbox_in_debezium_layout_whose_poller_deletes_and_back_again() throws Exception {
        Guide guide = Guide.of("replace-a-poller.md");
        try (Company company = Company.create(
                        "billing",
                        folder,
                        List.of("billing_app", "billing_poller", "ledger_app"),
                        BillingApplication.TABLES + Ledger.TABLES);
                Connection client = company.nats().connection()) {
            makeStreams(client);
            BillingPoller poller = new BillingPoller(company.as("billing_poller"), client.jetStream());
            try (Worker polling = Worker.start("billing poller", 5, poller::poll);
                    Worker first = billing(company, 1);
                    Worker second = billing(company, 2);
                    Worker third = billing(company, 3)) {
                awaitMore(client, 50);

                company.asDba(guide.sql("shadow"));
                company.asDba(guide.sql("shadow slot"));
                compareSideBySide(company, guide.yaml("shadow"));
                company.asDba(guide.sql("shadow ends"));

                company.install("slot.sql");
                setBegin(client);
                company.asDba(guide.sql("switch"));
                Await.until("the poller has lost its rights", polling::isOver);
                assertThat(polling.failure())
                        .isInstanceOf(SQLException.class)
                        .hasMessageContaining("permission denied");
                try (RelayProcess relay = company.relay(company.nats(), "relay", guide.yaml("switched"))) {
                    awaitMore(client, 200);
                    assertThat(relay.terminate(Duration.ofSeconds(20))).isZero();
                }

                company.asDba(Guide.of("leave.md").sql("back"));
                BillingPoller again = new BillingPoller(company.as("billing_poller"), client.jetStream());
                try (Worker pollingAgain = Worker.start("billing poller again", 5, again::poll)) {
                    awaitMore(client, 50);
                    end(first, second, third);
                    Await.until(
                            "no row waits",
                            PATIENCE,
                            () -> company.number("SELECT (SELECT count(*) FROM billing.outboxevent)"
                                            + " + (SELECT count(*) FROM outbox.message WHERE status = 'pending')")
                                    == 0);
                    assertThat(pollingAgain.failure()).isNull();
                }
                checkInvoices(company, Published.after(OLD_MESSAGES, client, TENANTS));
                bookTwice(company, client);
                assertThat(company.number("SELECT count(*) FROM outbox.dead_letter WHERE state <> 'sent'"))
                        .isZero();
            }
        }
    }

    @Test
    void an_outbox_of_its_own_making_whose_poller_marks() throws Exception {
        Guide guide = Guide.of("your-own-table.md");
        try (Company company =
                        Company.create("sales", folder, List.of("sales_app", "sales_poller"), SalesApplication.TABLES);
                Connection client = company.nats().connection()) {
            makeStreams(client);
            SalesPoller poller = new SalesPoller(company.as("sales_poller"), client.jetStream());
            try (Worker polling = Worker.start("sales poller", 5, poller::poll);
                    Worker first = sales(company, 1);
                    Worker second = sales(company, 2)) {
                awaitMore(client, 50);

                setBegin(client);
                company.asDba(guide.sql("switch"));
                Await.until("the poller has lost its rights", polling::isOver);
                assertThat(polling.failure())
                        .isInstanceOf(SQLException.class)
                        .hasMessageContaining("permission denied");
                Await.until(
                        "rows wait",
                        () -> company.number("SELECT count(*) FROM \"Sales\".\"OutboxMessages\" WHERE \"State\" = 0")
                                > 20);
                company.install("slot.sql");
                try (RelayProcess relay = company.relay(company.nats(), "relay", guide.yaml("switched"))) {
                    awaitMore(client, 200);
                    end(first, second);
                    Await.until(
                            "no row waits",
                            PATIENCE,
                            () -> company.number(
                                            "SELECT count(*) FROM \"Sales\".\"OutboxMessages\" WHERE \"State\" = 0")
                                    == 0);
                    checkOrders(company, Published.after(OLD_MESSAGES, client, TENANTS));
                    assertThat(company.number("SELECT count(*) FROM outbox.dead_letter WHERE state <> 'sent'"))
                            .isZero();
                    assertThat(relay.terminate(Duration.ofSeconds(20))).isZero();
                }
            }
        }
    }

    @Test
    void no_outbox_at_all_but_a_poller_that_looks_for_changed_rows() throws Exception {
        Guide guide = Guide.of("attach-a-table.md");
        try (Company company =
                        Company.create("crm", folder, List.of("crm_app", "crm_poller"), CustomerApplication.TABLES);
                Connection client = company.nats().connection()) {
            makeStreams(client);
            CustomerPoller poller = new CustomerPoller(company.as("crm_poller"), client.jetStream());
            try (Worker polling = Worker.start("crm poller", 20, poller::poll);
                    Worker first = customers(company, 1);
                    Worker second = customers(company, 2)) {
                awaitMore(client, 50);

                company.install("slot.sql");
                setBegin(client);
                company.asDba(guide.sql("switch"));
                Await.until("the poller has lost its rights", polling::isOver);
                assertThat(polling.failure())
                        .isInstanceOf(SQLException.class)
                        .hasMessageContaining("permission denied");
                try (RelayProcess relay = company.relay(company.nats(), "relay", "outbox: {}")) {
                    awaitMore(client, 200);
                    end(first, second);
                    Await.until(
                            "no row waits",
                            PATIENCE,
                            () -> company.number("SELECT count(*) FROM outbox.message WHERE status = 'pending'") == 0);
                    checkCustomers(company, Published.after(OLD_MESSAGES, client, TENANTS));
                    assertThat(company.number("SELECT count(*) FROM outbox.dead_letter WHERE state <> 'sent'"))
                            .isZero();
                    assertThat(relay.terminate(Duration.ofSeconds(20))).isZero();
                }
            }
        }
    }

    private static Worker billing(Company company, long seed) throws SQLException {
        BillingApplication application = new BillingApplication(company.as("billing_app"), TENANTS, seed);
        return Worker.start("billing " + seed, 20, application::work);
    }

    private static Worker sales(Company company, long seed) throws SQLException {
        SalesApplication application = new SalesApplication(company.as("sales_app"), TENANTS, seed);
        return Worker.start("sales " + seed, 20, application::work);
    }

    private static Worker customers(Company company, long seed) throws SQLException {
        CustomerApplication application = new CustomerApplication(company.as("crm_app"), TENANTS, seed);
        return Worker.start("crm " + seed, 10, application::work);
    }

    private static void end(Worker... workers) throws Exception {
        for (Worker worker : workers) {
            worker.close();
            assertThat(worker.failure()).isNull();
        }
    }

    /** Streams that the teams have had for long. */
    private static void makeStreams(Connection client) throws Exception {
        JetStream jetStream = client.jetStream();
        List<CompletableFuture<PublishAck>> acks = new ArrayList<>();
        for (String tenant : TENANTS) {
            client.jetStreamManagement()
                    .addStream(StreamConfiguration.builder()
                            .name(Published.stream(tenant))
                            .subjects("tenant." + tenant + ".>")
                            .build());
            for (int i = 0; i < OLD_MESSAGES; i++) {
                acks.add(jetStream.publishAsync("tenant." + tenant + ".events.old", new byte[0]));
            }
        }
        CompletableFuture.allOf(acks.toArray(CompletableFuture[]::new)).join();
    }

    /** As the guide says: what is in the streams by now is older than the relay. */
    private static void setBegin(Connection client) throws Exception {
        for (String tenant : TENANTS) {
            var info = client.jetStreamManagement().getStreamInfo(Published.stream(tenant));
            Map<String, String> metadata = new HashMap<>(info.getConfiguration().getMetadata());
            metadata.put("outbox.begins", Long.toString(info.getStreamState().getLastSequence()));
            client.jetStreamManagement()
                    .updateStream(StreamConfiguration.builder(info.getConfiguration())
                            .metadata(metadata)
                            .build());
        }
    }

    private static void awaitMore(Connection client, int messages) throws Exception {
        long before = Published.count(client);
        Await.until(messages + " more messages", PATIENCE, () -> Published.count(client) >= before + messages);
    }

    private void compareSideBySide(Company company, String yaml) throws Exception {
        try (TestNats other = TestNats.start();
                Connection shadow = other.connection();
                RelayProcess relay = company.relay(other, "shadow", yaml)) {
            Await.until("the relay has published beside the poller", PATIENCE, () -> Published.count(shadow) >= 100);
            Process comparison = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            Path.of(System.getProperty("dist.directory", "target/outbox-relay"), "lib", "*")
                                    .toString(),
                            Guide.path("compare/CompareStreams.java").toString(),
                            company.nats().url(),
                            other.url(),
                            "billing.outboxevent:",
                            "2")
                    .redirectErrorStream(true)
                    .start();
            String said = new String(comparison.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(comparison.waitFor()).as(said).isZero();
            assertThat(said).containsPattern("TENANT_NORTH +[1-9]").containsPattern("TENANT_SOUTH +[1-9]");
            assertThat(relay.terminate(Duration.ofSeconds(20))).isZero();
        }
    }

    /** The recipe for consumers: every fourth message comes again although it was processed, and is booked once. */
    private static void bookTwice(Company company, Connection client) throws Exception {
        Ledger ledger = new Ledger(company.as("ledger_app"));
        JetStreamSubscription subscription = client.jetStream()
                .subscribe(
                        "tenant.north.events.invoice.>",
                        PullSubscribeOptions.builder().stream(Published.stream("north"))
                                .durable("ledger")
                                .build());
        long delivered = 0;
        List<Message> fetched = subscription.fetch(100, Duration.ofSeconds(1));
        while (!fetched.isEmpty()) {
            for (Message message : fetched) {
                ledger.process(message);
                if (delivered++ % 4 == 0) {
                    message.nak(); // as if the acknowledgement were lost
                } else {
                    message.ack();
                }
            }
            fetched = subscription.fetch(100, Duration.ofSeconds(1));
        }
        long events = client
                .jetStreamManagement()
                .getStreamInfo(
                        Published.stream("north"),
                        StreamInfoOptions.builder()
                                .filterSubjects("tenant.north.events.invoice.>")
                                .build())
                .getStreamState()
                .getSubjects()
                .stream()
                .mapToLong(Subject::getCount)
                .sum();
        assertThat(delivered).isGreaterThan(events);
        assertThat(company.number("SELECT sum(events) FROM ledger.booking")).isEqualTo(events);
    }

    /**
     * Each step of each invoice once, in order, in its tenant's stream, as the invoice's row has it; and nothing else.
     */
    private static void checkInvoices(Company company, List<Published> published) throws Exception {
        Map<String, List<Integer>> steps = new HashMap<>();
        Map<String, String> known = new HashMap<>();
        for (Published message : published) {
            String invoice = message.body().get("invoice").asText();
            steps.computeIfAbsent(invoice, unused -> new ArrayList<>())
                    .add(message.body().get("step").asInt());
            String is = message.tenant() + " " + message.body().get("cents").asLong();
            assertThat(known.computeIfAbsent(invoice, unused -> is)).isEqualTo(is);
            assertThat(message.subject()).startsWith("tenant." + message.tenant() + ".events.invoice.");
        }
        Map<String, List<Integer>> expected = new HashMap<>();
        Map<String, String> rows = new HashMap<>();
        try (var connection = company.superuser();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("SELECT id, tenant, cents, steps FROM billing.invoice")) {
            while (result.next()) {
                expected.put(
                        result.getString(1),
                        IntStream.rangeClosed(1, result.getInt(4)).boxed().toList());
                rows.put(result.getString(1), result.getString(2) + " " + result.getLong(3));
            }
        }
        assertThat(steps).isEqualTo(expected);
        assertThat(known).isEqualTo(rows);
        assertThat(published).anyMatch(Published::byRelay).anyMatch(message -> !message.byRelay());
    }

    /**
     * Each step of each order once, in order, in its customer's stream, as the order's row has it; and nothing else.
     */
    private static void checkOrders(Company company, List<Published> published) throws Exception {
        Map<String, List<Integer>> steps = new HashMap<>();
        for (Published message : published) {
            int step = message.body().get("step").asInt();
            steps.computeIfAbsent(
                            message.tenant() + " " + message.body().get("order").asLong(), unused -> new ArrayList<>())
                    .add(step);
            assertThat(message.subject())
                    .isEqualTo(
                            "tenant." + message.tenant() + ".events." + (step == 1 ? "OrderPlaced" : "OrderAdvanced"));
        }
        Map<String, List<Integer>> expected = new HashMap<>();
        try (var connection = company.superuser();
                Statement statement = connection.createStatement();
                ResultSet result =
                        statement.executeQuery("SELECT \"Customer\", \"Id\", \"Step\" FROM \"Sales\".\"Orders\"")) {
            while (result.next()) {
                expected.put(
                        result.getString(1) + " " + result.getLong(2),
                        IntStream.rangeClosed(1, result.getInt(3)).boxed().toList());
            }
        }
        assertThat(steps).isEqualTo(expected);
        assertThat(published).anyMatch(Published::byRelay).anyMatch(message -> !message.byRelay());
    }

    /**
     * Each customer's versions go up, once each, to that of its row; the poller may have jumped over some, the relay
     * over none of those that came after the switch.
     */
    private static void checkCustomers(Company company, List<Published> published) throws Exception {
        Map<Long, Integer> last = new HashMap<>();
        Map<Long, Boolean> relayed = new HashMap<>();
        for (Published message : published) {
            JsonNode body = message.body();
            long id = body.get("id").asLong();
            int version = body.get("version").asInt();
            int before = last.getOrDefault(id, 0);
            // the first that the relay has may be what the poller had not got to yet
            if (message.byRelay() && relayed.containsKey(id)) {
                assertThat(version).as("customer %s", id).isEqualTo(before + 1);
            } else {
                assertThat(version).as("customer %s", id).isGreaterThan(before);
            }
            if (message.byRelay()) {
                relayed.put(id, true);
            }
            assertThat(body.get("name").asText()).isEqualTo("name " + version);
            assertThat(body.get("tenant").asText()).isEqualTo(message.tenant());
            last.put(id, version);
        }
        Map<Long, Integer> rows = new HashMap<>();
        try (var connection = company.superuser();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("SELECT id, version FROM crm.customer")) {
            while (result.next()) {
                rows.put(result.getLong(1), result.getInt(2));
            }
        }
        assertThat(last).isEqualTo(rows);
        assertThat(published).anyMatch(Published::byRelay).anyMatch(message -> !message.byRelay());
    }
}
