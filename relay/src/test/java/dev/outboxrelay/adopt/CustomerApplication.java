package dev.outboxrelay.adopt;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Random;

/**
 * A customer database without any outbox: it inserts and updates its own table, and nobody may touch its code. One
 * object for each thread.
 */
final class CustomerApplication {

    static final String TABLES = """
            CREATE SCHEMA crm;
            CREATE TABLE crm.customer (
              id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant text NOT NULL, name text NOT NULL,
              version int NOT NULL DEFAULT 1, synced int NOT NULL DEFAULT 0);
            GRANT USAGE ON SCHEMA crm TO crm_app, crm_poller;
            GRANT SELECT, INSERT, UPDATE (name, version) ON crm.customer TO crm_app;
            GRANT SELECT, UPDATE (synced) ON crm.customer TO crm_poller;
            """;

    private final Connection connection;
    private final List<String> tenants;
    private final Random random;

    CustomerApplication(Connection connection, List<String> tenants, long seed) {
        this.connection = connection;
        this.tenants = tenants;
        this.random = new Random(seed);
    }

    /** Adds a customer or renames a few, in one transaction; one in ten is rolled back. */
    void work() throws SQLException {
        if (random.nextInt(3) == 0) {
            add();
        } else {
            rename();
        }
        if (random.nextInt(10) == 0) {
            connection.rollback();
        } else {
            connection.commit();
        }
    }

    private void add() throws SQLException {
        try (PreparedStatement insert =
                connection.prepareStatement("INSERT INTO crm.customer (tenant, name) VALUES (?, 'name 1')")) {
            insert.setString(1, tenants.get(random.nextInt(tenants.size())));
            insert.executeUpdate();
        }
    }

    private void rename() throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(
                "UPDATE crm.customer SET version = version + 1, name = 'name ' || version + 1 WHERE id IN ("
                        + "SELECT id FROM crm.customer WHERE id % 7 = ? ORDER BY id DESC LIMIT 3 FOR UPDATE)")) {
            update.setInt(1, random.nextInt(7));
            update.executeUpdate();
        }
    }
}
