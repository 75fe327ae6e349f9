package dev.outboxrelay.dlq;

import dev.outboxrelay.config.PostgresSettings;
import dev.outboxrelay.postgres.Database;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Has events of {@code outbox.message} published again, on one connection under an operator's role. One thread.
 *
 * <p>The order of calls is what makes it safe: {@link #find}, {@link #position}, wait until {@link #slot} says that the
 * slot has confirmed past that position, {@link #now}, read the stream, {@link #handOver} what is not in it.
 */
public final class RepublishDesk implements AutoCloseable {

    private static final int FETCH = 10_000;

    private static final String LOCK = "SELECT pg_catalog.pg_try_advisory_lock("
            + "pg_catalog.hashtext('outbox-relay republish ' || ?), pg_catalog.hashtext(?))";

    private static final String FIND = "SELECT m.id, m.subject, m.created_at, d.state,"
            + " greatest(coalesce(m.published_at, m.created_at), d.resolved_at) FROM outbox.message m"
            + " LEFT JOIN outbox.dead_letter d ON d.slot = ? AND d.kind = 'event' AND d.source = 'outbox.message'"
            + " AND d.event_id = m.id::text WHERE m.tenant_id = ? AND m.created_at >= ? AND m.created_at < ?"
            + " AND m.status <> 'failed' ORDER BY m.seq";

    private static final String SLOT = "SELECT confirmed_flush_lsn >= ?::pg_catalog.pg_lsn, active,"
            + " pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn)::bigint"
            + " FROM pg_catalog.pg_replication_slots WHERE slot_name = ?";

    private static final String WAITING = "SELECT pg_catalog.count(*) FROM (SELECT FROM outbox.dead_letter"
            + " WHERE slot = ? AND tenant_id = ? AND kind = 'event' AND state IN ('parked', 'replaying')"
            + " AND pg_catalog.octet_length(tenant_id) <= 256 LIMIT ?) w";

    private final PostgresSettings settings;
    private final Connection connection;

    /**
     * An event that was published.
     *
     * @param at when at the latest, as far as the tables tell
     */
    public record Published(UUID id, Instant at) {}

    /**
     * What the outbox holds of a tenant.
     *
     * @param events rows that were published, as far as the table tells, in order
     * @param oldest when the first of these was inserted; null when there is none
     * @param newest when the last was
     * @param others rows whose letters say that they are on their way, or that somebody has to decide or has decided
     */
    public record Held(
            List<Published> events,
            @Nullable Instant oldest,
            @Nullable Instant newest,
            Map<State, Long> others) {}

    /**
     * The slot at a moment.
     *
     * @param passed whether it has confirmed past the position
     * @param active whether a relay reads it
     * @param retainedBytes WAL that it keeps
     */
    public record Slot(boolean passed, boolean active, long retainedBytes) {}

    private RepublishDesk(PostgresSettings settings, Connection connection) {
        this.settings = settings;
        this.connection = connection;
    }

    /** Connects. */
    public static RepublishDesk open(PostgresSettings settings) throws DeskException {
        try {
            Connection connection = new Database(settings).open("republish");
            connection.setAutoCommit(false);
            return new RepublishDesk(settings, connection);
        } catch (SQLException e) {
            throw new DeskException(settings, e);
        }
    }

    /** Makes sure, until this is closed, that nobody else republishes this tenant; false when somebody does. */
    public boolean lock(String tenant) throws DeskException {
        return doing(() -> {
            try (PreparedStatement statement = connection.prepareStatement(LOCK)) {
                statement.setString(1, settings.slot());
                statement.setString(2, tenant);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return row.getBoolean(1);
                }
            }
        });
    }

    /**
     * Reads what there is, in one snapshot.
     *
     * @param from inserted then or later
     * @param to inserted before
     */
    public Held find(String tenant, Instant from, Instant to, Predicate<String> subject) throws DeskException {
        return doing(() -> {
            List<Published> events = new ArrayList<>();
            Map<State, Long> others = new EnumMap<>(State.class);
            Instant oldest = null;
            Instant newest = null;
            try (PreparedStatement statement = connection.prepareStatement(FIND)) {
                statement.setFetchSize(FETCH);
                statement.setString(1, settings.slot());
                statement.setString(2, tenant);
                statement.setObject(3, from.atOffset(ZoneOffset.UTC));
                statement.setObject(4, to.atOffset(ZoneOffset.UTC));
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        if (!subject.test(rows.getString(2))) {
                            continue;
                        }
                        String code = rows.getString(4);
                        State state = code == null ? State.SENT : State.of(code);
                        if (state != State.SENT && state != State.REPLAYED) {
                            others.merge(state, 1L, Long::sum);
                            continue;
                        }
                        events.add(new Published(rows.getObject(1, UUID.class), time(rows, 5)));
                        Instant created = time(rows, 3);
                        oldest = oldest == null || created.isBefore(oldest) ? created : oldest;
                        newest = newest == null || created.isAfter(newest) ? created : newest;
                    }
                }
            }
            return new Held(List.copyOf(events), oldest, newest, Map.copyOf(others));
        });
    }

    /** A position in the WAL behind everything that can be seen until now, flushed or not. */
    public String position() throws DeskException {
        return text("SELECT pg_catalog.pg_current_wal_insert_lsn()::text");
    }

    /** The server's time, to be taken before the stream is read. */
    public String now() throws DeskException {
        return text("SELECT pg_catalog.clock_timestamp()::text");
    }

    /** The slot against a position. */
    public Slot slot(String position) throws DeskException {
        return doing(() -> {
            try (PreparedStatement statement = connection.prepareStatement(SLOT)) {
                statement.setString(1, position);
                statement.setString(2, settings.slot());
                try (ResultSet row = statement.executeQuery()) {
                    return row.next()
                            ? new Slot(row.getBoolean(1), row.getBoolean(2), row.getLong(3))
                            : new Slot(false, false, 0);
                }
            }
        });
    }

    /** How many events of the tenant wait in the table to be sent; more are not counted than so many. */
    public long waiting(String tenant, int atMost) throws DeskException {
        return doing(() -> {
            try (PreparedStatement statement = connection.prepareStatement(WAITING)) {
                statement.setString(1, settings.slot());
                statement.setString(2, tenant);
                statement.setInt(3, atMost);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return row.getLong(1);
                }
            }
        });
    }

    /**
     * Hands rows over to the relay, in one transaction.
     *
     * @param lookedAt the server's time before the stream was read
     * @return how many; others are on their way, were decided about, or are gone meanwhile
     */
    public int handOver(String tenant, Collection<UUID> ids, String lookedAt) throws DeskException {
        return doing(() -> {
            Array array = connection.createArrayOf("uuid", ids.toArray());
            try (PreparedStatement statement =
                    connection.prepareStatement("SELECT outbox.republish(?, ?, ?, ?::pg_catalog.timestamptz)")) {
                statement.setString(1, settings.slot());
                statement.setString(2, tenant);
                statement.setArray(3, array);
                statement.setString(4, lookedAt);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return row.getInt(1);
                }
            } finally {
                array.free();
            }
        });
    }

    private static Instant time(ResultSet row, int column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    private String text(String sql) throws DeskException {
        return doing(() -> {
            try (PreparedStatement statement = connection.prepareStatement(sql);
                    ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getString(1);
            }
        });
    }

    private interface Work<T> {
        T run() throws SQLException;
    }

    private <T> T doing(Work<T> work) throws DeskException {
        try {
            T result = work.run();
            connection.commit();
            return result;
        } catch (SQLException e) {
            throw new DeskException(settings, e);
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            // the server forgets the session by itself
        }
    }
}
