package dev.outboxrelay.adopt;

import io.nats.client.JetStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;

/** The shop's poller: takes what has the state 0, publishes it, and sets the state 1. */
final class SalesPoller {

    private static final String TAKE = "SELECT \"Id\", \"EventName\", \"Document\" ->> 'customer' AS customer,"
            + " \"Document\" ->> 'data' AS data FROM \"Sales\".\"OutboxMessages\" WHERE \"State\" = 0"
            + " ORDER BY \"Id\" LIMIT 100 FOR UPDATE SKIP LOCKED";

    private final Connection connection;
    private final JetStream jetStream;

    SalesPoller(Connection connection, JetStream jetStream) {
        this.connection = connection;
        this.jetStream = jetStream;
    }

    void poll() throws Exception {
        try (PreparedStatement take = connection.prepareStatement(TAKE);
                PreparedStatement mark = connection.prepareStatement(
                        "UPDATE \"Sales\".\"OutboxMessages\" SET \"State\" = 1, \"SentOn\" = now() WHERE \"Id\" = ?");
                ResultSet rows = take.executeQuery()) {
            while (rows.next()) {
                jetStream.publish(
                        "tenant." + rows.getString("customer") + ".events." + rows.getString("EventName"),
                        rows.getString("data").getBytes(StandardCharsets.UTF_8));
                mark.setLong(1, rows.getLong("Id"));
                mark.addBatch();
            }
            mark.executeBatch();
        }
        connection.commit();
    }
}
