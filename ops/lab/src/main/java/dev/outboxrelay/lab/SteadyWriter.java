package dev.outboxrelay.lab;

import dev.outboxrelay.testing.TestPostgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Inserts rows at a steady rate, as an application does: as {@code outbox_writer}, on a connection and a thread of its
 * own. When a commit is late the next ones follow at once, but for what is more than a second late: that is left out.
 */
final class SteadyWriter implements AutoCloseable {

    /** What the rows are. */
    interface Rows {
        /**
         * Sets tenant, subject, payload and headers of a row.
         *
         * @param number counted from 0
         */
        void set(PreparedStatement insert, long number) throws SQLException;
    }

    private static final long CATCH_UP_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final String INSERT =
            "INSERT INTO outbox.message (tenant_id, subject, payload, headers) VALUES (?, ?, ?, ?::jsonb)";

    private final TestPostgres postgres;
    private final int rate;
    private final int transaction;
    private final Rows rows;
    private final Thread thread;
    private volatile long written;
    private volatile boolean stopping;
    private long deadline = Long.MAX_VALUE;
    private volatile @Nullable Throwable failure;

    private SteadyWriter(TestPostgres postgres, int rate, int transaction, Rows rows) {
        this.postgres = postgres;
        this.rate = rate;
        this.transaction = transaction;
        this.rows = rows;
        this.thread = new Thread(this::run, "writer");
        this.thread.setDaemon(true);
    }

    /**
     * Starts one.
     *
     * @param rate rows a second
     * @param transaction rows in each transaction
     */
    static SteadyWriter start(TestPostgres postgres, int rate, int transaction, Rows rows) {
        SteadyWriter writer = new SteadyWriter(postgres, rate, transaction, rows);
        writer.thread.start();
        return writer;
    }

    /**
     * Writes so many rows on the caller's thread; the last transaction may have fewer.
     *
     * @param patience after this time it ends
     * @return how many rows are committed: fewer where the machine has not more to give
     */
    static long write(TestPostgres postgres, int rate, int transaction, long rows, Duration patience, Rows what)
            throws SQLException {
        SteadyWriter writer = new SteadyWriter(postgres, rate, transaction, what);
        writer.deadline = System.nanoTime() + patience.toNanos();
        writer.write(rows);
        return writer.written;
    }

    /** How many rows are committed. Any thread. */
    long written() {
        return written;
    }

    /** Ends it and returns how many rows it committed. Throws if it failed. */
    long stop() throws InterruptedException {
        stopping = true;
        thread.join();
        if (failure != null) {
            throw new IllegalStateException("a writer failed", failure);
        }
        return written;
    }

    @Override
    public void close() {
        stopping = true;
    }

    private void run() {
        try {
            write(Long.MAX_VALUE);
        } catch (SQLException | RuntimeException e) {
            failure = e;
        }
    }

    private void write(long atMost) throws SQLException {
        try (Connection connection = postgres.connect(TestPostgres.WRITER);
                PreparedStatement insert = connection.prepareStatement(INSERT)) {
            connection.setAutoCommit(false);
            long pause = TimeUnit.SECONDS.toNanos(transaction) / rate;
            long due = System.nanoTime();
            long next = 0;
            while (next < atMost && !stopping && System.nanoTime() < deadline) {
                awaitUntil(due);
                due = Math.max(due + pause, System.nanoTime() - CATCH_UP_NANOS);
                for (int i = 0; i < transaction && next < atMost; i++) {
                    rows.set(insert, next++);
                    insert.addBatch();
                }
                insert.executeBatch();
                connection.commit();
                written = next;
            }
        }
    }

    private static void awaitUntil(long due) {
        for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
            LockSupport.parkNanos(wait);
        }
    }
}
