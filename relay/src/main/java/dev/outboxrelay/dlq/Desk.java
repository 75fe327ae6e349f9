package dev.outboxrelay.dlq;

import dev.outboxrelay.config.PostgresSettings;
import dev.outboxrelay.policy.PolicyRow;
import dev.outboxrelay.postgres.Database;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One connection under an operator's role, on which each piece of work is a transaction. One thread. */
public abstract class Desk implements AutoCloseable {

    final PostgresSettings settings;
    final Connection connection;

    /** Connects; the name shows in the server's list of sessions. */
    Desk(PostgresSettings settings, String name) throws DeskException {
        this.settings = settings;
        try {
            this.connection = new Database(settings).open(name);
            connection.setAutoCommit(false);
        } catch (SQLException e) {
            throw new DeskException(settings, e);
        }
    }

    /** Something that is done in a transaction. */
    interface Work<T> {
        T run() throws SQLException;
    }

    final <T> T doing(Work<T> work) throws DeskException {
        try {
            T result = work.run();
            connection.commit();
            return result;
        } catch (SQLException e) {
            throw new DeskException(settings, e);
        }
    }

    /** The slot whose relay publishes this tenant's events, where it is another one. */
    public Optional<String> otherSlotOf(String tenant) throws DeskException {
        return doing(() -> Optional.ofNullable(
                        Shares.slots(connection, Set.of(tenant)).get(tenant))
                .filter(slot -> !slot.equals(settings.slot())));
    }

    /** The tenant's own policy, and every routing rule. */
    public List<PolicyRow> policies(String tenant) throws DeskException {
        return doing(() -> PolicyTables.read(connection, tenant));
    }

    /** A position in the WAL behind everything that can be seen until now, flushed or not. */
    public String position() throws DeskException {
        return doing(() -> SlotAt.position(connection));
    }

    /** The slot against a position. */
    public SlotAt slot(String position) throws DeskException {
        return doing(() -> SlotAt.read(connection, settings.slot(), position));
    }

    /** The server's time. */
    public Instant now() throws DeskException {
        return doing(() -> {
            try (PreparedStatement statement = connection.prepareStatement("SELECT pg_catalog.clock_timestamp()");
                    ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getObject(1, OffsetDateTime.class).toInstant();
            }
        });
    }

    @Override
    public void close() {
        Database.discard(connection);
    }
}
