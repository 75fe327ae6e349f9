package dev.outboxrelay.settle;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.RowRef;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** Reads what a tenant may send next. A row that is no event any more becomes a dead letter on the way. */
final class FetchRequest implements BacklogRequest {

    /**
     * Sizes first (a long value's is known without reading it), so that no more is loaded than was asked for. By the
     * primary key, and an array of it: the planner cannot know how few rows a limit that it has not seen leaves.
     */
    private static final String SELECT = "WITH next AS (SELECT seq, pg_catalog.octet_length(payload)::bigint"
            + " + pg_catalog.octet_length(subject) + coalesce(pg_catalog.octet_length(headers::text), 0) AS bytes"
            + " FROM outbox.dead_letter WHERE" + Letters.OF_TENANT + "AND" + Letters.WAITING + "AND seq < ?"
            + " ORDER BY tenant_id, seq LIMIT ?),"
            + " sums AS (SELECT seq, pg_catalog.sum(bytes) OVER (ORDER BY seq) AS bytes,"
            + " pg_catalog.row_number() OVER (ORDER BY seq) AS n FROM next)"
            + " SELECT d.seq, d.state = 'replaying', d.source, d.event_id, d.tenant_id,"
            + " coalesce(d.replay_subject, d.subject), d.payload,"
            + " coalesce(d.replay_headers, d.headers)::text,"
            + " (EXTRACT(EPOCH FROM coalesce(d.committed_at, pg_catalog.now())) * 1000000)::bigint,"
            + " CASE WHEN d.state = 'parked' AND d.reason = 'malformed_row' THEN coalesce(d.error, '') END FROM outbox.dead_letter d"
            + " WHERE d.seq = ANY (ARRAY (SELECT seq FROM sums WHERE n = 1 OR bytes <= ?)) ORDER BY d.seq";

    private final Policies policies;
    private final RowMarks marks;
    private final String tenant;
    private final int maxEvents;
    private final long maxBytes;
    private final Consumer<Fetched> answer;

    FetchRequest(
            Policies policies, RowMarks marks, String tenant, int maxEvents, long maxBytes, Consumer<Fetched> answer) {
        this.policies = policies;
        this.marks = marks;
        this.tenant = tenant;
        this.maxEvents = maxEvents;
        this.maxBytes = maxBytes;
        this.answer = answer;
    }

    @Override
    public Next run(Connection connection) throws SQLException {
        OptionalLong limit = policies.limit(connection, tenant);
        List<BacklogRow> rows = new ArrayList<>();
        List<Long> broken = new ArrayList<>();
        select(connection, limit.orElse(Long.MAX_VALUE), rows, broken);
        for (long seq : broken) {
            boolean buried = Bury.run(
                    connection,
                    marks,
                    seq,
                    Map.of(),
                    Reason.MALFORMED_ROW,
                    "cannot be sent: its id, subject or payload is missing or cannot be read; insert the event again",
                    0);
            if (!buried) {
                connection.rollback();
                return Next.LATER;
            }
        }
        connection.commit();
        if (!broken.isEmpty()) {
            return Next.ON; // asks again: under the policy hold what was just buried keeps back what lies behind it
        }
        answer.accept(new Fetched(List.copyOf(rows), rows.isEmpty() && limit.isPresent()));
        return Next.DONE;
    }

    private void select(Connection connection, long below, List<BacklogRow> found, List<Long> broken)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(SELECT)) {
            statement.setString(1, policies.slot());
            statement.setString(2, tenant);
            statement.setString(3, tenant);
            statement.setLong(4, below);
            statement.setInt(5, maxEvents);
            statement.setLong(6, maxBytes);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    Optional<OutboxEvent> event = event(rows);
                    if (event.isPresent()) {
                        found.add(new BacklogRow(rows.getLong(1), event.get(), rows.getBoolean(2), rows.getString(10)));
                    } else {
                        broken.add(rows.getLong(1));
                    }
                }
            }
        }
    }

    private static Optional<OutboxEvent> event(ResultSet row) throws SQLException {
        String eventId = row.getString(4);
        Optional<RowRef> source = RowRef.find(row.getString(3), eventId);
        String subject = row.getString(6);
        byte[] payload = row.getBytes(7);
        if (source.isEmpty() || subject == null || payload == null) {
            return Optional.empty();
        }
        return Optional.of(new OutboxEvent(
                new EventId(eventId),
                source.get(),
                row.getString(5),
                subject,
                row.getString(8),
                Payload.of(payload),
                new Origin(Lsn.NONE, Lsn.NONE, row.getLong(9))));
    }
}
