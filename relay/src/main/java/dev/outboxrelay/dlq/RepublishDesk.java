package dev.outboxrelay.dlq;

import dev.outboxrelay.config.PostgresSettings;
import java.sql.Array;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
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

/**
 * Has events of {@code outbox.message} published again, on one connection under an operator's role. One thread.
 *
 * <p>The order of calls is what makes it safe: {@link #find}, {@link #position}, wait until {@link #slot} says that the
 * slot has confirmed past that position, {@link #now}, read the stream, {@link #handOver} what is not in it.
 */
public final class RepublishDesk extends Desk {

    private static final int FETCH = 10_000;

    private static final String LOCK = "SELECT pg_catalog.pg_try_advisory_lock("
            + "pg_catalog.hashtext('outbox-relay republish ' || ?), pg_catalog.hashtext(?))";

    private static final String FIND = "SELECT m.id, m.subject, m.created_at, d.state,"
            + " greatest(m.published_at, d.resolved_at), pg_catalog.octet_length(m.payload) FROM outbox.message m"
            + " LEFT JOIN outbox.dead_letter d ON d.slot = ? AND d.kind = 'event' AND d.source = 'outbox.message'"
            + " AND d.event_id = m.id::text WHERE m.tenant_id = ? AND m.created_at >= ? AND m.created_at < ?"
            + " AND m.status <> 'failed' ORDER BY m.seq";

    /** Along the index of what is being replayed; sizes of long payloads are known without reading them. */
    private static final String WAITING = "SELECT pg_catalog.count(*), coalesce(pg_catalog.sum(w.bytes), 0),"
            + " coalesce(pg_catalog.min(w.seq), 0) FROM (SELECT seq, pg_catalog.octet_length(payload)::bigint AS bytes"
            + " FROM outbox.dead_letter WHERE slot = ? AND kind = 'event' AND state = 'replaying'"
            + " AND pg_catalog.\"left\"(tenant_id, 256) = ? AND tenant_id = ? ORDER BY seq LIMIT ?) w";

    private static final String STATES = "SELECT d.state, pg_catalog.count(*) FROM outbox.dead_letter d"
            + " WHERE d.slot = ? AND d.kind = 'event' AND d.source = 'outbox.message' AND d.event_id = ANY (?)"
            + " GROUP BY d.state";

    /**
     * What the outbox holds of a tenant.
     *
     * @param events rows that were published, as far as the tables tell, in order
     * @param others rows whose letters say that they are on their way, or that somebody has to decide or has decided
     */
    public record Held(List<HeldEvent> events, Map<State, Long> others) {

        public Held {
            events = List.copyOf(events);
            others = Map.copyOf(others);
        }
    }

    /**
     * What waits in the table to be sent again.
     *
     * @param events how many; no more are counted than were asked for
     * @param bytes of their payloads
     * @param first which is the next; changes as long as the relay gets on
     */
    public record Waiting(long events, long bytes, long first) {}

    private RepublishDesk(PostgresSettings settings) throws DeskException {
        super(settings, "republish");
    }

    /** Connects. */
    public static RepublishDesk open(PostgresSettings settings) throws DeskException {
        return new RepublishDesk(settings);
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
            List<HeldEvent> events = new ArrayList<>();
            Map<State, Long> others = new EnumMap<>(State.class);
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
                        OffsetDateTime published = rows.getObject(5, OffsetDateTime.class);
                        events.add(new HeldEvent(
                                rows.getObject(1, UUID.class),
                                rows.getObject(3, OffsetDateTime.class).toInstant(),
                                published == null ? null : published.toInstant(),
                                rows.getLong(6)));
                    }
                }
            }
            return new Held(events, others);
        });
    }

    /** What of the tenant waits in the table to be sent again; more are not counted than so many. */
    public Waiting waiting(String tenant, int atMost) throws DeskException {
        return doing(() -> {
            try (PreparedStatement statement = connection.prepareStatement(WAITING)) {
                statement.setString(1, settings.slot());
                statement.setString(2, tenant);
                statement.setString(3, tenant);
                statement.setInt(4, atMost);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return new Waiting(row.getLong(1), row.getLong(2), row.getLong(3));
                }
            }
        });
    }

    /** What has become of events that were handed over, by the state of their letters. */
    public Map<State, Long> states(Collection<UUID> ids) throws DeskException {
        return doing(() -> {
            Array array = connection.createArrayOf(
                    "text", ids.stream().map(UUID::toString).toArray());
            try (PreparedStatement statement = connection.prepareStatement(STATES)) {
                statement.setString(1, settings.slot());
                statement.setArray(2, array);
                try (ResultSet rows = statement.executeQuery()) {
                    Map<State, Long> states = new EnumMap<>(State.class);
                    while (rows.next()) {
                        states.put(State.of(rows.getString(1)), rows.getLong(2));
                    }
                    return states;
                }
            } finally {
                array.free();
            }
        });
    }

    /**
     * Hands rows over to the relay, in one transaction.
     *
     * @param lookedAt the server's time before the stream was read
     * @return how many; others are on their way, were decided about, or are gone meanwhile
     */
    public int handOver(String tenant, Collection<UUID> ids, Instant lookedAt) throws DeskException {
        return doing(() -> {
            Array array = connection.createArrayOf("uuid", ids.toArray());
            try (PreparedStatement statement = connection.prepareStatement("SELECT outbox.republish(?, ?, ?, ?)")) {
                statement.setString(1, settings.slot());
                statement.setString(2, tenant);
                statement.setArray(3, array);
                statement.setObject(4, lookedAt.atOffset(ZoneOffset.UTC));
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return row.getInt(1);
                }
            } finally {
                array.free();
            }
        });
    }
}
