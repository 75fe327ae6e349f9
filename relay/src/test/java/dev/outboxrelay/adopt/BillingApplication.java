package dev.outboxrelay.adopt;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/**
 * An invoicing application with an outbox table in Debezium's layout: each step of an invoice changes its row and
 * inserts one event, in one transaction. One object for each thread; no two work on the same invoice.
 */
final class BillingApplication {

    static final String TABLES = """
            CREATE SCHEMA billing;
            CREATE TABLE billing.invoice (
              id uuid PRIMARY KEY, tenant text NOT NULL, cents bigint NOT NULL, steps int NOT NULL);
            CREATE TABLE billing.outboxevent (
              id uuid PRIMARY KEY, tenant text NOT NULL, aggregatetype text NOT NULL, aggregateid text NOT NULL,
              type text NOT NULL, payload jsonb NOT NULL, created_at timestamptz NOT NULL DEFAULT clock_timestamp());
            GRANT USAGE ON SCHEMA billing TO billing_app, billing_poller;
            GRANT SELECT, INSERT, UPDATE ON billing.invoice TO billing_app;
            GRANT INSERT ON billing.outboxevent TO billing_app;
            GRANT SELECT, UPDATE, DELETE ON billing.outboxevent TO billing_poller;
            """;

    private static final List<String> TYPES = List.of("drafted", "issued", "reminded", "paid");

    private record Invoice(UUID id, String tenant, long cents, int steps) {}

    private final Connection connection;
    private final List<String> tenants;
    private final Random random;
    private final List<Invoice> invoices = new ArrayList<>();

    BillingApplication(Connection connection, List<String> tenants, long seed) {
        this.connection = connection;
        this.tenants = tenants;
        this.random = new Random(seed);
    }

    /** Goes one to three steps in one transaction; one in ten is rolled back. */
    void work() throws SQLException {
        List<Invoice> before = List.copyOf(invoices);
        for (int i = random.nextInt(3); i >= 0; i--) {
            step();
        }
        if (random.nextInt(10) == 0) {
            connection.rollback();
            invoices.clear();
            invoices.addAll(before);
        } else {
            connection.commit();
        }
    }

    private void step() throws SQLException {
        int at = random.nextInt(invoices.size() + 1);
        Invoice next;
        if (at == invoices.size()) {
            next = new Invoice(
                    UUID.randomUUID(), tenants.get(random.nextInt(tenants.size())), random.nextInt(1_000_000), 1);
            invoices.add(next);
            insert(next);
        } else {
            Invoice last = invoices.get(at);
            next = new Invoice(last.id, last.tenant, last.cents, last.steps + 1);
            invoices.set(at, next);
            update(next);
        }
        emit(next);
    }

    private void insert(Invoice invoice) throws SQLException {
        try (PreparedStatement insert =
                connection.prepareStatement("INSERT INTO billing.invoice VALUES (?, ?, ?, ?)")) {
            insert.setObject(1, invoice.id);
            insert.setString(2, invoice.tenant);
            insert.setLong(3, invoice.cents);
            insert.setInt(4, invoice.steps);
            insert.executeUpdate();
        }
    }

    private void update(Invoice invoice) throws SQLException {
        try (PreparedStatement update =
                connection.prepareStatement("UPDATE billing.invoice SET steps = ? WHERE id = ?")) {
            update.setInt(1, invoice.steps);
            update.setObject(2, invoice.id);
            update.executeUpdate();
        }
    }

    private void emit(Invoice invoice) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO billing.outboxevent (id, tenant, aggregatetype, aggregateid, type, payload)"
                        + " VALUES (?, ?, 'invoice', ?, ?, jsonb_build_object('invoice', ?::text, 'step', ?, 'cents', ?))")) {
            insert.setObject(1, UUID.randomUUID());
            insert.setString(2, invoice.tenant);
            insert.setString(3, invoice.id.toString());
            insert.setString(4, TYPES.get(invoice.steps % TYPES.size()));
            insert.setString(5, invoice.id.toString());
            insert.setInt(6, invoice.steps);
            insert.setLong(7, invoice.cents);
            insert.executeUpdate();
        }
    }
}
