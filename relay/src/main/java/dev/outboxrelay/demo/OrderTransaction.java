package dev.outboxrelay.demo;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.HexFormat;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * Carries out one plan: business rows and outbox rows in one transaction, by plain inserts. This is all that an
 * application has to do. One thread.
 */
final class OrderTransaction {

    private static final String ORDER = "INSERT INTO shop.orders (id, tenant_id, total_cents) VALUES (?, ?, ?)";
    private static final String ITEM =
            "INSERT INTO shop.order_items (order_id, line, sku, quantity) VALUES (?, ?, ?, ?)";
    private static final String EVENT =
            "INSERT INTO outbox.message (tenant_id, subject, payload, headers) VALUES (?, ?, ?, ?::jsonb)";
    private static final String COMMIT_ORDER = """
            WITH next AS (UPDATE shop.tenant SET commits = commits + 1 WHERE id = ? RETURNING commits)
            INSERT INTO shop.commit_order (tenant_id, trace_id, number) SELECT ?, ?, next.commits FROM next""";

    private final Connection connection;
    private final RandomGenerator random;
    private final OrderPlan plan;
    private final UUID orderId;
    private final String traceId;

    OrderTransaction(Connection connection, RandomGenerator random, OrderPlan plan) {
        this.connection = connection;
        this.random = random;
        this.plan = plan;
        this.orderId = new UUID(random.nextLong(), random.nextLong());
        this.traceId = hex() + hex();
    }

    /** Writes it all; the connection must not be in auto-commit mode. */
    void run() throws SQLException {
        order();
        write(0, plan.kept(), "events.order.");
        if (plan.undone() > 0) {
            Savepoint before = connection.setSavepoint();
            write(plan.kept(), plan.undone(), "events.discount.");
            connection.rollback(before);
        }
        if (plan.commits()) {
            commitOrder();
            connection.commit();
        } else {
            connection.rollback();
        }
    }

    private void order() throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(ORDER)) {
            insert.setObject(1, orderId);
            insert.setString(2, plan.tenant().id());
            insert.setLong(3, random.nextInt(1_000_000));
            insert.executeUpdate();
        }
    }

    private void write(int from, int count, String subject) throws SQLException {
        try (PreparedStatement items = connection.prepareStatement(ITEM);
                PreparedStatement events = connection.prepareStatement(EVENT)) {
            for (int line = from; line < from + count; line++) {
                items.setObject(1, orderId);
                items.setInt(2, line);
                items.setString(3, "sku-" + random.nextInt(10_000));
                items.setInt(4, random.nextInt(1, 10));
                items.addBatch();
                events.setString(1, plan.tenant().id());
                events.setString(2, subject + (line == 0 ? "created" : "item_added"));
                events.setBytes(
                        3,
                        plan.isLarge()
                                ? OrderPayload.small(orderId.toString(), line, random)
                                : OrderPayload.any(orderId.toString(), line, random));
                events.setString(4, headers());
                events.addBatch();
            }
            items.executeBatch();
            events.executeBatch();
        }
    }

    private void commitOrder() throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(COMMIT_ORDER)) {
            insert.setString(1, plan.tenant().id());
            insert.setString(2, plan.tenant().id());
            insert.setString(3, traceId);
            insert.executeUpdate();
        }
    }

    private String headers() {
        return "{\"traceparent\":\"00-" + traceId + "-" + hex() + "-01\",\"content-type\":\"application/json\"}";
    }

    private String hex() {
        return HexFormat.of().toHexDigits(random.nextLong());
    }
}
