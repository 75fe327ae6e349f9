package dev.outboxrelay.testcontainers;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.StreamState;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Looks at a tenant's stream, and at what the database says of the tenant. */
final class TenantStream {

    private static final int STREAM_NOT_FOUND = 10059;
    private static final int MESSAGE_NOT_FOUND = 10037;

    private final Connection nats;
    private final Servers servers;
    private final String tenant;

    TenantStream(Connection nats, Servers servers, String tenant) {
        this.nats = nats;
        this.servers = servers;
        this.tenant = tenant;
    }

    private String name() {
        return "TENANT_" + tenant.toUpperCase(Locale.ROOT);
    }

    /** What is in the stream behind a sequence; nothing if there is no stream. */
    List<ReceivedEvent> after(long sequence) throws IOException, JetStreamApiException {
        JetStreamManagement management = nats.jetStreamManagement();
        List<ReceivedEvent> events = new ArrayList<>();
        try {
            StreamState state = management.getStreamInfo(name()).getStreamState();
            for (long at = Math.max(sequence + 1, state.getFirstSequence()); at <= state.getLastSequence(); at++) {
                read(management, at, events);
            }
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() != STREAM_NOT_FOUND) {
                throw e;
            }
        }
        return events;
    }

    private void read(JetStreamManagement management, long at, List<ReceivedEvent> into)
            throws IOException, JetStreamApiException {
        try {
            into.add(ReceivedEvent.of(management.getMessage(name(), at), "tenant." + tenant + "."));
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() != MESSAGE_NOT_FOUND) {
                throw e;
            }
        }
    }

    /** How far the WAL has been written. */
    String walEnd() throws SQLException {
        return value("SELECT pg_current_wal_lsn()::text");
    }

    /** Whether all that was committed before this point is published, or a dead letter. */
    boolean isSettledUpTo(String lsn) throws SQLException {
        return value("SELECT confirmed_flush_lsn >= '" + lsn
                        + "'::pg_lsn FROM pg_replication_slots WHERE slot_name = 'outbox_relay'")
                .equals("t");
    }

    /** The tenant's dead and parked letters, each in a line. */
    List<String> letters() throws SQLException {
        List<String> lines = new ArrayList<>();
        try (java.sql.Connection admin = servers.connect();
                PreparedStatement statement = admin.prepareStatement(
                        "SELECT concat_ws(' ', state, subject, event_id, reason, error) FROM outbox.dead_letter"
                                + " WHERE tenant_id = ? AND state IN ('dead', 'parked', 'replaying') ORDER BY seq")) {
            statement.setString(1, tenant);
            try (ResultSet result = statement.executeQuery()) {
                while (result.next()) {
                    lines.add(result.getString(1));
                }
            }
        }
        return lines;
    }

    private String value(String sql) throws SQLException {
        try (java.sql.Connection admin = servers.connect();
                Statement statement = admin.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            return result.next() ? String.valueOf(result.getString(1)) : "";
        }
    }
}
