package dev.outboxrelay.dlq;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.config.PostgresSettings;
import java.sql.Array;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What operators do with letters, on one connection under their own role. One thread. */
public final class LetterDesk extends Desk {

    /** Told how far a long change is, after each commit. */
    @FunctionalInterface
    public interface Progress {
        void done(long letters, long ofAll);
    }

    static final String COLUMNS =
            "seq, kind, state, source, event_id, tenant_id, subject, headers::text, replay_subject,"
                    + " replay_headers::text, pg_catalog.octet_length(payload)::bigint, committed_at, reason, error, attempts,"
                    + " first_failed_at, dead_at, resolved_at";

    private LetterDesk(PostgresSettings settings) throws DeskException {
        super(settings, "dlq");
    }

    /** Connects. */
    public static LetterDesk open(PostgresSettings settings) throws DeskException {
        return new LetterDesk(settings);
    }

    /** The first letters, in the order of arrival. */
    public List<Letter> list(LetterFilter filter, Set<State> states, int limit) throws DeskException {
        return doing(() -> {
            List<Letter> found = new ArrayList<>();
            for (State state : states) {
                found.addAll(first(filter, state, limit));
            }
            found.sort(Comparator.comparingLong(Letter::seq));
            return List.copyOf(found.subList(0, Math.min(limit, found.size())));
        });
    }

    /**
     * One state at a time, since each open one has an index of its own; sorting it beats walking past all the others.
     */
    private List<Letter> first(LetterFilter filter, State state, int limit) throws SQLException {
        Where where = filter.where().and("state = '" + state.code() + "'");
        String order = state.isOpen() ? "seq + 0" : "seq";
        String sql = "SELECT " + COLUMNS + " FROM outbox.dead_letter WHERE " + where.sql() + " ORDER BY " + order
                + " LIMIT ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            int next = where.bind(connection, statement, 1);
            statement.setInt(next, limit);
            try (ResultSet rows = statement.executeQuery()) {
                List<Letter> found = new ArrayList<>();
                while (rows.next()) {
                    found.add(letter(rows));
                }
                return found;
            }
        }
    }

    /** The greatest number of all letters, 0 if there is none: what comes later has a greater one. */
    public long newest() throws DeskException {
        return doing(() -> {
            try (PreparedStatement statement = connection.prepareStatement(
                            "SELECT coalesce(pg_catalog.max(seq), 0) FROM outbox.dead_letter");
                    ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        });
    }

    /** The numbers of the next letters in this state, in the order of arrival: for a long change in short pieces. */
    public List<Long> next(LetterFilter filter, State state, long after, long upTo, int limit) throws DeskException {
        return doing(() -> {
            Where where = filter.where().and("state = '" + state.code() + "'");
            String sql = "SELECT seq FROM outbox.dead_letter WHERE " + where.sql()
                    + " AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?";
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                int next = where.bind(connection, statement, 1);
                statement.setLong(next, after);
                statement.setLong(next + 1, upTo);
                statement.setInt(next + 2, limit);
                try (ResultSet rows = statement.executeQuery()) {
                    List<Long> seqs = new ArrayList<>();
                    while (rows.next()) {
                        seqs.add(rows.getLong(1));
                    }
                    return List.copyOf(seqs);
                }
            }
        });
    }

    /** A letter's payload; empty when there is none, or no such letter. */
    public Optional<byte[]> payload(long seq) throws DeskException {
        return doing(() -> {
            try (PreparedStatement statement =
                    connection.prepareStatement("SELECT payload FROM outbox.dead_letter WHERE seq = ?")) {
                statement.setLong(1, seq);
                try (ResultSet row = statement.executeQuery()) {
                    return row.next() ? Optional.ofNullable(row.getBytes(1)) : Optional.empty();
                }
            }
        });
    }

    /**
     * Asks the relay to send dead letters again. Those that it would refuse again are left alone.
     *
     * @param dryRun changes nothing, and tells what would be done
     */
    public Outcome replay(LetterFilter filter, Correction correction, Naming naming, boolean dryRun, Progress progress)
            throws DeskException {
        return doing(() -> new LetterChange(connection, filter.of(Kind.EVENT), Set.of(State.DEAD), dryRun, progress)
                .run(new ReplayAction(correction, new RelayRules(naming), settings.slot())));
    }

    /**
     * Gives letters up.
     *
     * @param states some of dead, parked and replaying
     * @param dryRun changes nothing, and tells what would be done
     */
    public Outcome discard(LetterFilter filter, Set<State> states, boolean dryRun, Progress progress)
            throws DeskException {
        return doing(() -> new LetterChange(connection, filter, states, dryRun, progress).run(new DiscardAction()));
    }

    /** Letters of other slots that were named, as far as there are any: their numbers and slots. */
    public Map<Long, String> ofOtherSlots(LetterFilter named) throws DeskException {
        return doing(() -> {
            Map<Long, String> found = new TreeMap<>();
            for (String slot : otherSlots()) {
                Where where = named.at(slot).where();
                try (PreparedStatement statement = connection.prepareStatement(
                        "SELECT seq FROM outbox.dead_letter WHERE " + where.sql() + " ORDER BY seq + 0 LIMIT 20")) {
                    where.bind(connection, statement, 1);
                    try (ResultSet rows = statement.executeQuery()) {
                        while (rows.next()) {
                            found.put(rows.getLong(1), slot);
                        }
                    }
                }
            }
            return found;
        });
    }

    private List<String> otherSlots() throws SQLException {
        List<String> slots = new ArrayList<>();
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT slot FROM outbox.leader WHERE slot <> ? ORDER BY slot")) {
            statement.setString(1, settings.slot());
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    slots.add(rows.getString(1));
                }
            }
        }
        return slots;
    }

    /** The letters of these numbers as they are now, by number; without those that are gone. */
    public Map<Long, Letter> now(Collection<Long> seqs) throws DeskException {
        return doing(() -> {
            Array keys = connection.createArrayOf("int8", seqs.toArray());
            try (PreparedStatement statement =
                    connection.prepareStatement("SELECT " + COLUMNS + " FROM outbox.dead_letter WHERE seq = ANY (?)")) {
                statement.setArray(1, keys);
                try (ResultSet rows = statement.executeQuery()) {
                    Map<Long, Letter> found = new HashMap<>();
                    while (rows.next()) {
                        Letter letter = letter(rows);
                        found.put(letter.seq(), letter);
                    }
                    return found;
                }
            } finally {
                keys.free();
            }
        });
    }

    static Letter letter(ResultSet row) throws SQLException {
        long size = row.getLong(11);
        Long payloadBytes = row.wasNull() ? null : size;
        return new Letter(
                row.getLong(1),
                Kind.of(row.getString(2)),
                State.of(row.getString(3)),
                row.getString(4),
                row.getString(5),
                row.getString(6),
                row.getString(7),
                row.getString(8),
                row.getString(9),
                row.getString(10),
                payloadBytes,
                time(row, 12),
                row.getString(13),
                row.getString(14),
                row.getInt(15),
                time(row, 16),
                time(row, 17),
                time(row, 18));
    }

    private static @Nullable Instant time(ResultSet row, int column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }
}
