package dev.outboxrelay.adopt;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A shop with an outbox of its own making: integer keys, names in mixed case, one JSON document with everything in it,
 * and a number for the state. One object for each thread; no two work on the same order.
 */
final class SalesApplication {

    static final String TABLES = """
            CREATE SCHEMA "Sales";
            CREATE TABLE "Sales"."Orders" (
              "Id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "Customer" text NOT NULL, "Step" int NOT NULL);
            CREATE TABLE "Sales"."OutboxMessages" (
              "Id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "EventName" text NOT NULL, "Document" jsonb NOT NULL,
              "State" smallint NOT NULL DEFAULT 0, "SentOn" timestamptz);
            GRANT USAGE ON SCHEMA "Sales" TO sales_app, sales_poller;
            GRANT SELECT, INSERT, UPDATE ON "Sales"."Orders" TO sales_app;
            GRANT INSERT ON "Sales"."OutboxMessages" TO sales_app;
            GRANT SELECT, UPDATE ON "Sales"."OutboxMessages" TO sales_poller;
            """;

    private record Order(long id, String customer, int step) {}

    private final Connection connection;
    private final List<String> customers;
    private final Random random;
    private final List<Order> orders = new ArrayList<>();

    SalesApplication(Connection connection, List<String> customers, long seed) {
        this.connection = connection;
        this.customers = customers;
        this.random = new Random(seed);
    }

    /** Goes one to three steps in one transaction; one in ten is rolled back. */
    void work() throws SQLException {
        List<Order> before = List.copyOf(orders);
        for (int i = random.nextInt(3); i >= 0; i--) {
            step();
        }
        if (random.nextInt(10) == 0) {
            connection.rollback();
            orders.clear();
            orders.addAll(before);
        } else {
            connection.commit();
        }
    }

    private void step() throws SQLException {
        int at = random.nextInt(orders.size() + 1);
        if (at == orders.size()) {
            String customer = customers.get(random.nextInt(customers.size()));
            orders.add(new Order(place(customer), customer, 1));
        } else {
            Order last = orders.get(at);
            orders.set(at, new Order(last.id, last.customer, last.step + 1));
            advance(last.id);
        }
        emit(orders.get(at));
    }

    private long place(String customer) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO \"Sales\".\"Orders\" (\"Customer\", \"Step\") VALUES (?, 1) RETURNING \"Id\"")) {
            insert.setString(1, customer);
            try (var key = insert.executeQuery()) {
                key.next();
                return key.getLong(1);
            }
        }
    }

    private void advance(long id) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(
                "UPDATE \"Sales\".\"Orders\" SET \"Step\" = \"Step\" + 1 WHERE \"Id\" = ?")) {
            update.setLong(1, id);
            update.executeUpdate();
        }
    }

    private void emit(Order order) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO \"Sales\".\"OutboxMessages\" (\"EventName\", \"Document\") VALUES (?, jsonb_build_object("
                        + "'customer', ?::text, 'data', jsonb_build_object('order', ?, 'step', ?)))")) {
            insert.setString(1, order.step == 1 ? "OrderPlaced" : "OrderAdvanced");
            insert.setString(2, order.customer);
            insert.setLong(3, order.id);
            insert.setInt(4, order.step);
            insert.executeUpdate();
        }
    }
}
