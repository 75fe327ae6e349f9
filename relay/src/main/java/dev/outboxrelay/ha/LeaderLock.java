package dev.outboxrelay.ha;

import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.postgres.ServerIdentity;
import dev.outboxrelay.postgres.SettlingSessions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The session-level advisory lock that makes a leader, on a connection of its own, and the term in
 * {@code outbox.leader} that outlives it.
 *
 * <p>The lock says who may begin. The term says whose transactions may commit: a new leader raises it before it reads
 * anything, and every settling transaction locks the row and compares, so what an earlier leader left unfinished rolls
 * back. One thread at a time.
 */
public final class LeaderLock implements AutoCloseable {

    private static final String PURPOSE = "leader";

    /** The lock's key: the first eight bytes of a digest, so that slots of one server do not meet. */
    private static final String KEY =
            "('x' || substr(pg_catalog.md5('outbox-relay leader of ' || ?), 1, 16))::pg_catalog.bit(64)::pg_catalog.int8";

    /** A second lock of a leader that holds what it gets: {@code outbox.move_share} looks for it. */
    private static final String PAUSED_KEY = KEY.replace("leader of", "pause of");

    private static final String RAISE = "INSERT INTO outbox.leader AS l (slot, term, instance) VALUES (?, ? + 1, ?)"
            + " ON CONFLICT (slot) DO UPDATE SET term = greatest(l.term + 1, EXCLUDED.term), instance = EXCLUDED.instance,"
            + " since = pg_catalog.now() RETURNING term";

    private static final Logger log = LoggerFactory.getLogger(LeaderLock.class);

    private final Database database;
    private final String slot;
    private final String instance;
    private final boolean paused;
    private @Nullable Connection connection;

    /**
     * Connects to nothing yet.
     *
     * @param instance names this process in {@code outbox.leader}, for people
     * @param paused whether it publishes nothing while it leads
     */
    public LeaderLock(Database database, String slot, String instance, boolean paused) {
        this.database = database;
        this.slot = slot;
        this.instance = instance;
        this.paused = paused;
    }

    /**
     * Tries to become the leader; empty while another one is.
     *
     * @param seen the greatest term that was met elsewhere: the new one is greater, even if the table forgot it
     * @param nanoTime monotonic time: a connection may take long, and the lease counts from the question on it
     */
    public Optional<Lease> tryLead(long seen, LongSupplier nanoTime) throws DatabaseException {
        try {
            Connection open = connect();
            long asked = nanoTime.getAsLong();
            if (!lock(open, KEY)) {
                return Optional.empty();
            }
            if (paused && !lock(open, PAUSED_KEY)) {
                log.warn("somebody else has the lock that says that this leader is paused: move_share will refuse");
            }
            // a frozen leader's transaction would keep the term locked for as long as it likes
            long ended = SettlingSessions.endAll(open, slot);
            if (ended > 0) {
                log.atInfo()
                        .addKeyValue("slot", slot)
                        .addKeyValue("sessions", ended)
                        .log("ended sessions of an earlier leader");
            }
            // before anything is read: from here on, what an earlier leader has not committed rolls back
            return Optional.of(new Lease(raiseTerm(open, seen), ServerIdentity.read(open), asked));
        } catch (SQLException e) {
            close();
            throw new DatabaseException("asking who leads slot " + slot, e);
        }
    }

    /**
     * Asks whether the lock and the term are still ours; empty when they are not.
     *
     * @param nowNanos monotonic time of the call
     */
    public Optional<Lease> confirm(Lease lease, long nowNanos) throws DatabaseException {
        Connection open = connection;
        if (open == null) {
            return Optional.empty();
        }
        try (PreparedStatement statement = open.prepareStatement("SELECT term FROM outbox.leader WHERE slot = ?")) {
            statement.setString(1, slot);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getLong(1) == lease.term()
                        ? Optional.of(lease.confirmed(nowNanos))
                        : Optional.empty();
            }
        } catch (SQLException e) {
            close();
            throw new DatabaseException("confirming the leadership of slot " + slot, e);
        }
    }

    /**
     * Who leads, for people.
     *
     * @param instance as it named itself
     */
    public record Leader(String instance, Instant since) {}

    /** Who leads according to the table; empty when nobody ever did. */
    public Optional<Leader> leader() throws DatabaseException {
        try (PreparedStatement statement =
                connect().prepareStatement("SELECT instance, since FROM outbox.leader WHERE slot = ?")) {
            statement.setString(1, slot);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? Optional.of(new Leader(
                                row.getString(1),
                                row.getObject(2, OffsetDateTime.class).toInstant()))
                        : Optional.empty();
            }
        } catch (SQLException e) {
            close();
            throw new DatabaseException("asking who leads slot " + slot, e);
        }
    }

    /**
     * Whether another instance seems to stand by, for this slot or another one of this database; false if nobody can
     * tell. Any thread: on a connection of its own.
     */
    public boolean hasCompany() {
        try (Connection look = database.openBrief("look", Lease.TRUST_SECONDS / 2);
                PreparedStatement statement =
                        look.prepareStatement("SELECT pg_catalog.count(*) > 1 FROM pg_catalog.pg_stat_activity"
                                + " WHERE datname = pg_catalog.current_database() AND application_name = ?")) {
            statement.setString(1, Database.APPLICATION + PURPOSE);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        } catch (SQLException e) {
            return false;
        }
    }

    /** Whether the lock's session stands, as far as is known here. */
    public boolean isConnected() {
        return connection != null;
    }

    /** Gives the lock up, if it is held; idempotent. */
    @Override
    public void close() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException e) {
                // the server ends the session by itself when it stays silent
            }
        }
    }

    private Connection connect() throws SQLException {
        Connection open = connection;
        if (open == null) {
            open = database.openBrief(PURPOSE, Lease.TRUST_SECONDS / 2);
            try (Statement statement = open.createStatement()) {
                statement.execute("SET idle_session_timeout = '" + Lease.SESSION_SECONDS + "s'");
                // shorter than the driver's patience: a session that is given up must not go on waiting with the lock
                statement.execute("SET lock_timeout = '" + Lease.TRUST_SECONDS / 4 + "s'");
            }
            connection = open;
        }
        return open;
    }

    private boolean lock(Connection open, String key) throws SQLException {
        try (PreparedStatement statement =
                open.prepareStatement("SELECT pg_catalog.pg_try_advisory_lock(" + key + ")")) {
            statement.setString(1, slot);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    private long raiseTerm(Connection open, long seen) throws SQLException {
        try (PreparedStatement statement = open.prepareStatement(RAISE)) {
            statement.setString(1, slot);
            statement.setLong(2, seen);
            statement.setString(3, instance);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }
}
