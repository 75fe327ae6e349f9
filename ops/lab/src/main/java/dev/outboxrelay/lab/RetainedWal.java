package dev.outboxrelay.lab;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Looks five times a second at how much WAL the relay's slot keeps, as the server itself tells. */
final class RetainedWal implements AutoCloseable {

    private static final long PERIOD = TimeUnit.MILLISECONDS.toNanos(200);

    private final Servers servers;
    private volatile boolean closed;
    private volatile @Nullable Throwable failure;
    private long greatest;

    private RetainedWal(Servers servers) {
        this.servers = servers;
    }

    static RetainedWal watch(Servers servers) {
        RetainedWal watch = new RetainedWal(servers);
        Thread thread = new Thread(watch::run, "retained-wal");
        thread.setDaemon(true);
        thread.start();
        return watch;
    }

    /** Forgets what was seen so far. */
    synchronized void begin() {
        greatest = 0;
    }

    /** The most that was seen, in bytes. Throws when nobody could look. */
    synchronized long greatest() {
        if (failure != null || greatest == 0) {
            throw new IllegalStateException("nobody looked at the slot", failure);
        }
        return greatest;
    }

    private synchronized void saw(long bytes) {
        greatest = Math.max(greatest, bytes);
    }

    @Override
    public void close() {
        closed = true;
    }

    private void run() {
        try (Connection connection = servers.postgres().superuser();
                Statement statement = connection.createStatement()) {
            while (!closed) {
                try (ResultSet row = statement.executeQuery(
                        "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint FROM pg_replication_slots"
                                + " WHERE slot_name = 'outbox_relay'")) {
                    row.next();
                    saw(row.getLong(1));
                }
                LockSupport.parkNanos(PERIOD);
            }
        } catch (SQLException | RuntimeException e) {
            failure = e;
        }
    }
}
