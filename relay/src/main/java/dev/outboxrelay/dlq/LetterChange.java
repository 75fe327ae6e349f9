package dev.outboxrelay.dlq;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One pass over the letters that fit, a thousand to a transaction, in the order of arrival.
 *
 * <p>Safe beside a running relay and other operators: a letter is locked before it is changed, and only changed while
 * it still fits; one that somebody else has locked is tried again at the end. A letter that comes back dead while this
 * runs is not taken a second time.
 */
final class LetterChange {

    private static final int BATCH = 1_000;
    private static final int SHOWN = 20;
    private static final int TRIES = 10;
    private static final long PAUSE_MILLIS = 300;

    /** What is done with letters that are locked and fit. */
    interface Action {
        /** Which of them it is not done with. */
        List<Refusal> refused(Connection connection, List<Letter> letters) throws SQLException;

        void change(Connection connection, List<Letter> letters) throws SQLException;
    }

    private final Connection connection;
    private final Where fits;
    private final boolean dryRun;
    private final LetterDesk.Progress progress;
    private final List<Long> changed = new ArrayList<>();
    private final Map<Outcome.Group, Long> groups = new LinkedHashMap<>();
    private final List<Refusal> refusals = new ArrayList<>();
    private long refused;
    private long elsewhere;
    private long all;

    LetterChange(
            Connection connection, LetterFilter filter, Set<State> states, boolean dryRun, LetterDesk.Progress progress)
            throws SQLException {
        this.connection = connection;
        this.dryRun = dryRun;
        this.progress = progress;
        this.fits = filter.where()
                .and("state IN ("
                        + states.stream()
                                .map(state -> "'" + state.code() + "'")
                                .sorted()
                                .collect(Collectors.joining(", "))
                        + ")")
                .and("coalesce(dead_at, '-infinity') <= ?::timestamptz", text("SELECT pg_catalog.clock_timestamp()"));
    }

    Outcome run(Action action) throws SQLException {
        all = Long.parseLong(text("SELECT pg_catalog.count(*) FROM outbox.dead_letter WHERE " + fits.sql(), fits));
        long highest =
                Long.parseLong(text("SELECT coalesce(pg_catalog.max(seq), 0) FROM outbox.dead_letter", new Where()));
        Set<Long> missed = new HashSet<>();
        long from = 0;
        List<Long> batch = candidates(from, highest);
        while (!batch.isEmpty()) {
            missed.addAll(take(action, batch));
            from = batch.get(batch.size() - 1);
            batch = candidates(from, highest);
        }
        retry(action, missed);
        return new Outcome(
                List.copyOf(changed), Map.copyOf(groups), refused, List.copyOf(refusals), elsewhere, missed.size());
    }

    /** Numbers of the next letters that fit, locked or not. */
    private List<Long> candidates(long after, long upTo) throws SQLException {
        String sql = "SELECT seq FROM outbox.dead_letter WHERE " + fits.sql() + " AND seq > ? AND seq <= ? ORDER BY seq"
                + " LIMIT " + BATCH;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            int next = fits.bind(connection, statement, 1);
            statement.setLong(next, after);
            statement.setLong(next + 1, upTo);
            try (ResultSet rows = statement.executeQuery()) {
                List<Long> seqs = new ArrayList<>();
                while (rows.next()) {
                    seqs.add(rows.getLong(1));
                }
                return seqs;
            }
        }
    }

    /** Does it with those that can be locked and still fit, commits, and returns the others. */
    private Set<Long> take(Action action, Collection<Long> seqs) throws SQLException {
        Set<Long> others = new HashSet<>(seqs);
        List<Letter> locked = lock(seqs);
        locked.forEach(letter -> others.remove(letter.seq()));
        List<Refusal> no = action.refused(connection, locked);
        Set<Long> noSeqs = no.stream().map(refusal -> refusal.letter().seq()).collect(Collectors.toSet());
        List<Letter> yes =
                locked.stream().filter(letter -> !noSeqs.contains(letter.seq())).toList();
        if (dryRun) {
            connection.rollback();
        } else {
            action.change(connection, yes);
            connection.commit();
        }
        refused += no.size();
        no.stream().limit(SHOWN - refusals.size()).forEach(refusals::add);
        for (Letter letter : yes) {
            changed.add(letter.seq());
            groups.merge(new Outcome.Group(orEmpty(letter.tenant()), orEmpty(letter.reason())), 1L, Long::sum);
        }
        progress.done(changed.size() + refused, all);
        return others;
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    private List<Letter> lock(Collection<Long> seqs) throws SQLException {
        Array keys = connection.createArrayOf("int8", seqs.toArray());
        String sql = "SELECT " + LetterDesk.COLUMNS + " FROM outbox.dead_letter WHERE " + fits.sql()
                + " AND seq = ANY (?) ORDER BY seq FOR NO KEY UPDATE SKIP LOCKED";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            int next = fits.bind(connection, statement, 1);
            statement.setArray(next, keys);
            try (ResultSet rows = statement.executeQuery()) {
                List<Letter> locked = new ArrayList<>();
                while (rows.next()) {
                    locked.add(LetterDesk.letter(rows));
                }
                return locked;
            }
        } finally {
            keys.free();
        }
    }

    /** Tries those that were locked a few times more; what is left in the end is still locked. */
    private void retry(Action action, Set<Long> missed) throws SQLException {
        for (int i = 0; i < TRIES && !missed.isEmpty(); i++) {
            for (List<Long> part : parts(missed)) {
                Set<Long> left = take(action, part);
                Set<Long> fitting = stillFitting(left);
                missed.removeAll(part);
                missed.addAll(fitting);
                elsewhere += left.size() - fitting.size();
            }
            if (!missed.isEmpty()) {
                pause();
            }
        }
    }

    private static List<List<Long>> parts(Set<Long> seqs) {
        List<Long> sorted = seqs.stream().sorted().toList();
        List<List<Long>> parts = new ArrayList<>();
        for (int from = 0; from < sorted.size(); from += BATCH) {
            parts.add(sorted.subList(from, Math.min(from + BATCH, sorted.size())));
        }
        return parts;
    }

    private Set<Long> stillFitting(Set<Long> seqs) throws SQLException {
        Set<Long> fitting = new HashSet<>();
        Array keys = connection.createArrayOf("int8", seqs.toArray());
        String sql = "SELECT seq FROM outbox.dead_letter WHERE " + fits.sql() + " AND seq = ANY (?)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            int next = fits.bind(connection, statement, 1);
            statement.setArray(next, keys);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    fitting.add(rows.getLong(1));
                }
            }
        } finally {
            keys.free();
        }
        connection.commit();
        return fitting;
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String text(String sql) throws SQLException {
        return text(sql, new Where());
    }

    private String text(String sql, Where where) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            where.bind(connection, statement, 1);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getString(1);
            }
        }
    }
}
