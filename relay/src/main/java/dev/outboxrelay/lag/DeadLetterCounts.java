package dev.outboxrelay.lag;

import dev.outboxrelay.postgres.Database;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts the dead letters that wait for an operator, by tenant, again and again. */
public final class DeadLetterCounts implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(DeadLetterCounts.class);

    /** The index {@code dead_letter_dead} has all of it. */
    private static final String SQL = "SELECT tenant_id, pg_catalog.count(*) FROM outbox.dead_letter"
            + " WHERE slot = ? AND kind = 'event' AND state = 'dead' AND pg_catalog.octet_length(tenant_id) <= 256"
            + " GROUP BY tenant_id";

    private final Database database;
    private final String slot;
    private final BooleanSupplier leads;
    private final Periodic periodic;
    private volatile @Nullable Connection connection;
    private volatile @Nullable Map<String, Long> counts;

    public DeadLetterCounts(Database database, String slot, Duration interval, BooleanSupplier leads) {
        this.database = database;
        this.slot = slot;
        this.leads = leads;
        this.periodic = new Periodic("outbox-dead-letter-counts", interval, this::count);
    }

    public void start() {
        periodic.start();
    }

    /** By tenant; empty while they are not known. Any thread. */
    public Optional<Map<String, Long>> counts() {
        return Optional.ofNullable(counts);
    }

    private void count() {
        if (!leads.getAsBoolean()) {
            return;
        }
        try {
            counts = read();
        } catch (SQLException e) {
            counts = null;
            disconnect();
            log.atDebug().addKeyValue("error", e.getMessage()).log("dead letters cannot be counted");
        }
    }

    private Map<String, Long> read() throws SQLException {
        Connection open = connection;
        if (open == null) {
            open = database.open("status");
            connection = open;
        }
        Map<String, Long> found = new HashMap<>();
        try (PreparedStatement statement = open.prepareStatement(SQL)) {
            statement.setString(1, slot);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    found.put(rows.getString(1), rows.getLong(2));
                }
            }
        }
        return Map.copyOf(found);
    }

    private void disconnect() {
        Connection open = connection;
        connection = null;
        Database.discard(open);
    }

    @Override
    public void close() {
        periodic.close();
        disconnect();
    }
}
