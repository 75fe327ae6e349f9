package dev.outboxrelay.adopt;

import io.nats.client.JetStream;
import io.nats.client.PublishOptions;
import io.nats.client.api.PublishAck;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The poller of the invoicing team: takes the oldest events that nobody else has locked, publishes and deletes them.
 */
final class BillingPoller {

    private static final String TAKE = "SELECT id, tenant, type, payload FROM billing.outboxevent"
            + " ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED";

    private final Connection connection;
    private final JetStream jetStream;

    BillingPoller(Connection connection, JetStream jetStream) {
        this.connection = connection;
        this.jetStream = jetStream;
    }

    void poll() throws Exception {
        List<CompletableFuture<PublishAck>> acks = new ArrayList<>();
        try (PreparedStatement take = connection.prepareStatement(TAKE);
                PreparedStatement delete =
                        connection.prepareStatement("DELETE FROM billing.outboxevent WHERE id = ?::uuid");
                ResultSet rows = take.executeQuery()) {
            while (rows.next()) {
                acks.add(jetStream.publishAsync(
                        "tenant." + rows.getString("tenant") + ".events.invoice." + rows.getString("type"),
                        rows.getString("payload").getBytes(StandardCharsets.UTF_8),
                        PublishOptions.builder().messageId(rows.getString("id")).build()));
                delete.setString(1, rows.getString("id"));
                delete.addBatch();
            }
            CompletableFuture.allOf(acks.toArray(CompletableFuture[]::new)).join();
            delete.executeBatch();
        }
        connection.commit();
    }
}
