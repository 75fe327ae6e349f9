package dev.outboxrelay.adopt;

import io.nats.client.JetStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;

/**
 * Looks for customers that changed since it looked, and publishes what they are now; what was in between it never sees.
 */
final class CustomerPoller {

    private static final String TAKE = "SELECT id, tenant, version,"
            + " json_build_object('id', id, 'tenant', tenant, 'name', name, 'version', version)::text AS body"
            + " FROM crm.customer WHERE version > synced ORDER BY id LIMIT 50 FOR NO KEY UPDATE SKIP LOCKED";

    private final Connection connection;
    private final JetStream jetStream;

    CustomerPoller(Connection connection, JetStream jetStream) {
        this.connection = connection;
        this.jetStream = jetStream;
    }

    void poll() throws Exception {
        try (PreparedStatement take = connection.prepareStatement(TAKE);
                PreparedStatement mark =
                        connection.prepareStatement("UPDATE crm.customer SET synced = ? WHERE id = ?");
                ResultSet rows = take.executeQuery()) {
            while (rows.next()) {
                jetStream.publish(
                        "tenant." + rows.getString("tenant") + ".events.customer.changed",
                        rows.getString("body").getBytes(StandardCharsets.UTF_8));
                mark.setInt(1, rows.getInt("version"));
                mark.setLong(2, rows.getLong("id"));
                mark.addBatch();
            }
            mark.executeBatch();
        }
        connection.commit();
    }
}
