package dev.outboxrelay.settle;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.RowRef;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Resolves rows that were found in a stream. As many as there are, a part at a time: others go in between, and a crash
 * between two parts means that the next leader finds the same in the stream, and does the rest.
 */
final class ReconcileRequest implements BacklogRequest {

    private static final int PART = 1_000;

    private static final String FIND = "SELECT l.seq, l.source, l.event_id, l.state FROM"
            + " ROWS FROM (pg_catalog.unnest(?::text[]), pg_catalog.unnest(?::text[])) AS e (source, event_id), LATERAL (SELECT d.seq, d.source,"
            + " d.event_id, d.state, d.tenant_id FROM outbox.dead_letter d WHERE d.slot = ? AND d.source = e.source"
            + " AND d.event_id = e.event_id AND d.kind = 'event' OFFSET 0) l WHERE l.tenant_id = ?";

    private static final String PARKED = " FROM outbox.dead_letter WHERE" + Letters.OF_TENANT + "AND" + Letters.WAITING
            + "AND state = 'parked'" + " AND seq <= ?";

    private static final String LOCK_PART = "SELECT seq, source, event_id" + PARKED + " ORDER BY tenant_id, seq LIMIT "
            + PART + " FOR NO KEY UPDATE SKIP LOCKED";

    private static final String ANY_LEFT = "SELECT seq" + PARKED + " ORDER BY tenant_id, seq LIMIT 1";

    private final String slot;
    private final RowMarks marks;
    private final long highestBefore;
    private final String tenant;
    private final Set<EventId> inStream;
    private final @Nullable EventId live;
    private final Consumer<Reconciled> answer;
    private int resolved;

    /** @param highestBefore the table's highest {@code seq} when this session began */
    ReconcileRequest(
            String slot,
            RowMarks marks,
            long highestBefore,
            String tenant,
            Set<EventId> inStream,
            @Nullable EventId live,
            Consumer<Reconciled> answer) {
        this.slot = slot;
        this.marks = marks;
        this.highestBefore = highestBefore;
        this.tenant = tenant;
        this.inStream = Set.copyOf(inStream);
        this.live = live;
        this.answer = answer;
    }

    @Override
    public Next run(Connection connection) throws SQLException {
        Map<Long, RowRef> found = find(connection, inStream, true);
        if (!Letters.lock(connection, found.keySet())) {
            connection.rollback();
            return Next.LATER;
        }
        int now = resolve(connection, found);
        OptionalLong liveSeq = liveSeq(connection);
        Next next = Next.DONE;
        if (liveSeq.isPresent()) {
            Map<Long, RowRef> part = lockPart(connection, liveSeq.getAsLong());
            now += resolve(connection, part);
            if (part.size() == PART) {
                next = Next.ON;
            } else if (isAnyLeft(connection, liveSeq.getAsLong())) {
                next = Next.LATER;
            }
        }
        connection.commit();
        resolved += now;
        if (next == Next.DONE) {
            answer.accept(reconciled(liveSeq));
        }
        return next;
    }

    private Reconciled reconciled(OptionalLong liveSeq) {
        if (liveSeq.isEmpty()) {
            return new Reconciled(resolved, 0, Reconciled.Live.ABSENT);
        }
        long seq = liveSeq.getAsLong();
        return new Reconciled(
                resolved, seq, seq <= highestBefore ? Reconciled.Live.EARLIER : Reconciled.Live.THIS_SESSION);
    }

    private int resolve(Connection connection, Map<Long, RowRef> rows) throws SQLException {
        return rows.isEmpty() ? 0 : Letters.resolve(connection, rows.keySet(), marks.publish(connection, rows));
    }

    private OptionalLong liveSeq(Connection connection) throws SQLException {
        return live == null
                ? OptionalLong.empty()
                : find(connection, List.of(live), false).keySet().stream()
                        .mapToLong(Long::longValue)
                        .findAny();
    }

    /** @param open only those that do not say yet that they were sent, nor that they cannot be */
    private Map<Long, RowRef> find(Connection connection, Collection<EventId> ids, boolean open) throws SQLException {
        Map<Long, RowRef> found = new LinkedHashMap<>();
        if (ids.isEmpty()) {
            return found;
        }
        Array sources = connection.createArrayOf(
                "text", ids.stream().map(id -> RowRef.of(id).table().toString()).toArray());
        Array events = connection.createArrayOf(
                "text", ids.stream().map(EventId::value).toArray());
        try (PreparedStatement statement = connection.prepareStatement(FIND)) {
            statement.setArray(1, sources);
            statement.setArray(2, events);
            statement.setString(3, slot);
            statement.setString(4, tenant);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    if (!open || Set.of("parked", "replaying", "discarded").contains(rows.getString(4))) {
                        found.put(rows.getLong(1), row(rows));
                    }
                }
            }
        } finally {
            sources.free();
            events.free();
        }
        return found;
    }

    private Map<Long, RowRef> lockPart(Connection connection, long upTo) throws SQLException {
        Map<Long, RowRef> part = new LinkedHashMap<>();
        try (PreparedStatement statement = parked(connection, LOCK_PART, upTo);
                ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                part.put(rows.getLong(1), row(rows));
            }
        }
        return part;
    }

    private boolean isAnyLeft(Connection connection, long upTo) throws SQLException {
        try (PreparedStatement statement = parked(connection, ANY_LEFT, upTo);
                ResultSet rows = statement.executeQuery()) {
            return rows.next();
        }
    }

    private PreparedStatement parked(Connection connection, String sql, long upTo) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        statement.setString(1, slot);
        statement.setString(2, tenant);
        statement.setString(3, tenant);
        statement.setLong(4, upTo);
        return statement;
    }

    private static RowRef row(ResultSet row) throws SQLException {
        return RowRef.of(new EventId(row.getString(3)));
    }
}
