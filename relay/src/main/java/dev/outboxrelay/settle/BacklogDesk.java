package dev.outboxrelay.settle;

import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.postgres.ServerIdentity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** For operators: counts what is pending, and asks for it to be taken. */
public final class BacklogDesk implements AutoCloseable {

    private static final int LONGEST_SILENCE_SECONDS = 3_600;

    private static final String STATE =
            "SELECT state, reason, system_identifier, held::text, taken, found, since, finished_at FROM outbox.backlog WHERE slot = ?";

    private static final String CONFIRMED =
            "SELECT confirmed_flush_lsn::text FROM pg_catalog.pg_replication_slots WHERE slot_name = ?";

    private static final String REQUEST = "INSERT INTO outbox.backlog AS b (slot, state, reason) VALUES (?, 'due', ?)"
            + " ON CONFLICT (slot) DO UPDATE SET state = EXCLUDED.state, reason = EXCLUDED.reason,"
            + " since = pg_catalog.now(), finished_at = NULL";

    /**
     * Rows that are pending, of one tenant in one table.
     *
     * @param tenant null where only the relay's mapping can tell
     * @param bytes of their payloads, as the table stores them
     * @param oldest when the first of them was made; null where the table does not tell
     */
    public record Pending(
            TableName table,
            @Nullable String tenant,
            long rows,
            long bytes,
            @Nullable Instant oldest) {}

    /**
     * What is written down of the slot.
     *
     * @param due why the relay takes pending rows when it next begins to read; null when it does not
     * @param state {@code due}, {@code taking} or {@code done}; null when nothing is written down
     * @param taken how many rows the last time, or so far
     * @param found how many of them were in their stream already
     */
    public record Standing(
            @Nullable String due,
            @Nullable String state,
            long taken,
            long found,
            @Nullable Instant since,
            @Nullable Instant finished) {}

    private final Connection connection;
    private final String slot;

    private BacklogDesk(Connection connection, String slot) {
        this.connection = connection;
        this.slot = slot;
    }

    /** Opens a connection. */
    public static BacklogDesk open(Database database) throws DatabaseException {
        try {
            return new BacklogDesk(
                    database.openBrief("backlog desk", LONGEST_SILENCE_SECONDS),
                    database.settings().slot());
        } catch (SQLException e) {
            throw new DatabaseException("connecting", e);
        }
    }

    /** Counts what the relay would take if it began now, most rows first; changes nothing. */
    public List<Pending> count(List<TableMapping> mappings, String publication) throws DatabaseException {
        List<Pending> all = new ArrayList<>();
        try (Statement begin = connection.createStatement()) {
            connection.setAutoCommit(false);
            connection.setReadOnly(true);
            begin.execute("SET LOCAL statement_timeout = 0");
            for (TableMapping mapping : mappings) {
                Optional<PendingTable> table = PendingTable.look(connection, mapping, publication);
                if (table.isPresent()) {
                    count(table.get(), all);
                }
            }
            connection.rollback();
            connection.setReadOnly(false);
            connection.setAutoCommit(true);
            return List.copyOf(all);
        } catch (SQLException e) {
            throw new DatabaseException("counting pending rows", e);
        }
    }

    private void count(PendingTable table, List<Pending> all) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(table.counts())) {
            statement.setString(1, slot);
            statement.setString(2, table.name().toString());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    all.add(new Pending(
                            table.name(),
                            row.getString(1),
                            row.getLong(2),
                            row.getLong(3),
                            instant(row.getObject(4, OffsetDateTime.class))));
                }
            }
        }
    }

    /** What is written down of the slot; changes nothing. */
    public Standing standing() throws DatabaseException {
        try (PreparedStatement statement = connection.prepareStatement(STATE)) {
            statement.setString(1, slot);
            Lsn confirmed = confirmed();
            long system = ServerIdentity.read(connection).systemIdentifier();
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return new Standing(Remembered.due(null, system, confirmed).orElse(null), null, 0, 0, null, null);
                }
                long cluster = row.getLong(3);
                Long known = row.wasNull() ? null : (Long) cluster;
                String held = row.getString(4);
                Remembered remembered = new Remembered(
                        row.getString(1), row.getString(2), known, held == null ? null : Lsn.parse(held));
                return new Standing(
                        Remembered.due(remembered, system, confirmed).orElse(null),
                        row.getString(1),
                        row.getLong(5),
                        row.getLong(6),
                        instant(row.getObject(7, OffsetDateTime.class)),
                        instant(row.getObject(8, OffsetDateTime.class)));
            }
        } catch (SQLException e) {
            throw new DatabaseException("reading outbox.backlog", e);
        }
    }

    private Lsn confirmed() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(CONFIRMED)) {
            statement.setString(1, slot);
            try (ResultSet row = statement.executeQuery()) {
                String text = row.next() ? row.getString(1) : null;
                return text == null ? Lsn.NONE : Lsn.parse(text);
            }
        }
    }

    /** Has the leader, or the next one, take what is pending before it reads the slot on. */
    public void request(String reason) throws DatabaseException {
        try (PreparedStatement statement = connection.prepareStatement(REQUEST)) {
            statement.setString(1, slot);
            statement.setString(2, reason);
            statement.executeUpdate();
        } catch (SQLException e) {
            throw new DatabaseException("asking for the backlog", e);
        }
    }

    private static @Nullable Instant instant(@Nullable OffsetDateTime time) {
        return time == null ? null : time.toInstant();
    }

    @Override
    public void close() {
        Database.discard(connection);
    }
}
