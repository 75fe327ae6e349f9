package dev.outboxrelay.adopt;

import io.nats.client.Message;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/** A consumer that books each event once, however often it is delivered: relay/docs/idempotent-consumers.md. */
final class Ledger {

    static final String TABLES = """
            CREATE SCHEMA ledger AUTHORIZATION ledger_app;
            CREATE TABLE ledger.processed (
              event_id text PRIMARY KEY, processed_at timestamptz NOT NULL DEFAULT now());
            CREATE TABLE ledger.booking (subject text PRIMARY KEY, events bigint NOT NULL);
            ALTER TABLE ledger.processed OWNER TO ledger_app;
            ALTER TABLE ledger.booking OWNER TO ledger_app;
            """;

    private final Connection connection;

    Ledger(Connection connection) {
        this.connection = connection;
    }

    /** Acknowledge the message once this has returned, and not before. */
    void process(Message message) throws SQLException {
        String id = message.getHeaders().getFirst("Nats-Msg-Id");
        try (PreparedStatement first = connection.prepareStatement(
                "INSERT INTO ledger.processed (event_id) VALUES (?) ON CONFLICT DO NOTHING")) {
            first.setString(1, id);
            if (first.executeUpdate() == 1) {
                book(message);
            }
        }
        connection.commit();
    }

    /** The work: whatever it does to the database is in the same transaction as the id. */
    private void book(Message message) throws SQLException {
        try (PreparedStatement book = connection.prepareStatement("INSERT INTO ledger.booking VALUES (?, 1)"
                + " ON CONFLICT (subject) DO UPDATE SET events = booking.events + 1")) {
            book.setString(1, message.getSubject());
            book.executeUpdate();
        }
    }
}
