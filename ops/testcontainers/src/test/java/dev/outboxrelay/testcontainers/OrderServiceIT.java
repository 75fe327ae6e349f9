package dev.outboxrelay.testcontainers;

import static dev.outboxrelay.testcontainers.ExpectedEvent.event;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A test as an application has it: its own code writes, and the events are in the tenant's stream. */
final class OrderServiceIT {

    private static OutboxFixture outbox;

    @BeforeAll
    static void start() {
        outbox = SharedOutbox.get(OrderServiceIT.class);
    }

    @Test
    void an_order_is_announced_when_it_is_placed_and_when_it_is_paid() throws Exception {
        placeAndPay("acme", "4711");

        outbox.assertThatTenant("acme")
                .receivesExactly(
                        event("events.order.created").withHeader("Content-Type", "application/json"),
                        event("events.order.paid").withPayload("{\"order\": \"4711\"}"));
    }

    /** Stands for the application's code. */
    private static void placeAndPay(String tenant, String order) throws SQLException {
        try (Connection connection = outbox.connect();
                Statement statement = connection.createStatement()) {
            for (String step : new String[] {"created", "paid"}) {
                statement.execute("INSERT INTO outbox.message (tenant_id, subject, payload, headers) VALUES ('" + tenant
                        + "', 'events.order." + step + "', convert_to('{\"order\": \"" + order + "\"}', 'UTF8'),"
                        + " '{\"Content-Type\": \"application/json\"}')");
            }
        }
    }
}
