package dev.outboxrelay.settle;

import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.ServerIdentity;
import dev.outboxrelay.postgres.SettlingSessions;
import dev.outboxrelay.postgres.TermGuard;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that takes work in batches and does each batch in one transaction, on one connection that it opens again
 * whenever it is lost. Work that comes back is tried again later, apart from what is new.
 */
final class BatchWorker<T> implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(BatchWorker.class);
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(RowSettler.INVISIBLE_SECONDS);
    private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long AGAIN_MAX_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** One transaction's worth. */
    interface Batch<T> {
        /**
         * Does the work and commits.
         *
         * @param patient whether rows that cannot be seen are to be waited for
         * @return what has to be tried again
         */
        List<T> run(Connection connection, List<T> batch, boolean patient) throws SQLException;
    }

    private record Delayed<T>(T work, long since, long due, long pause) {}

    private final String purpose;
    private final Database database;
    private final int size;
    private final long lingerNanos;
    private final Batch<T> action;
    private final TermGuard guard;
    private final Runnable fenced;
    private final Consumer<Throwable> broken;
    private final LinkedBlockingQueue<T> queue = new LinkedBlockingQueue<>();
    private final PriorityQueue<Delayed<T>> delayed = new PriorityQueue<>((a, b) -> Long.compare(a.due - b.due, 0));
    private final Thread thread;
    private volatile boolean closed;
    private volatile @Nullable Connection connection;

    BatchWorker(
            String purpose,
            Database database,
            int size,
            Duration linger,
            TermGuard guard,
            Runnable fenced,
            Consumer<Throwable> broken,
            Batch<T> action) {
        this.purpose = purpose;
        this.database = database;
        this.size = size;
        this.lingerNanos = linger.toNanos();
        this.action = action;
        this.guard = guard;
        this.fenced = fenced;
        this.broken = broken;
        this.thread = new Thread(this::loop, "outbox-" + purpose);
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    void add(List<T> work) {
        queue.addAll(work);
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(1));
            if (thread.isAlive()) {
                disconnect(); // it waits for an answer that may never come
                thread.join(TimeUnit.SECONDS.toMillis(5));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void loop() {
        try {
            while (!closed) {
                List<T> batch = take();
                if (!batch.isEmpty()) {
                    long now = System.nanoTime();
                    for (T again : inTransaction(batch, true)) {
                        delayed.add(new Delayed<>(again, now, now + AGAIN_NANOS, AGAIN_NANOS));
                    }
                }
                retryDue();
            }
        } catch (InterruptedException e) {
            log.atDebug().addKeyValue("worker", purpose).log("worker stopped");
        } catch (RuntimeException | Error e) {
            // without this thread nothing would be settled any more, and nobody would know
            log.atError().addKeyValue("worker", purpose).setCause(e).log("a worker broke: the source starts again");
            broken.accept(e);
        } finally {
            disconnect();
        }
    }

    /** New work up to the batch size, waiting a moment for more once there is some. */
    private List<T> take() throws InterruptedException {
        List<T> batch = new ArrayList<>();
        Delayed<T> next = delayed.peek();
        long wait = next == null
                ? TimeUnit.SECONDS.toNanos(1)
                : Math.max(0, Math.min(next.due - System.nanoTime(), TimeUnit.SECONDS.toNanos(1)));
        T first = queue.poll(wait, TimeUnit.NANOSECONDS);
        if (first == null) {
            return batch;
        }
        batch.add(first);
        queue.drainTo(batch, size - batch.size());
        long deadline = System.nanoTime() + lingerNanos;
        while (batch.size() < size) {
            T more = queue.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (more == null) {
                break;
            }
            batch.add(more);
            queue.drainTo(batch, size - batch.size());
        }
        return batch;
    }

    private void retryDue() throws InterruptedException {
        long now = System.nanoTime();
        List<Delayed<T>> due = new ArrayList<>();
        Delayed<T> head = delayed.peek();
        while (head != null && head.due - now <= 0 && due.size() < size) {
            due.add(delayed.remove());
            head = delayed.peek();
        }
        retry(due.stream().filter(d -> now - d.since < PATIENCE_NANOS).toList(), true);
        retry(due.stream().filter(d -> now - d.since >= PATIENCE_NANOS).toList(), false);
    }

    private void retry(List<Delayed<T>> due, boolean patient) throws InterruptedException {
        if (due.isEmpty()) {
            return;
        }
        List<T> again = inTransaction(due.stream().map(Delayed::work).toList(), patient);
        long now = System.nanoTime();
        for (Delayed<T> d : due) {
            if (again.contains(d.work)) {
                long pause = Math.min(d.pause * 2, AGAIN_MAX_NANOS);
                delayed.add(new Delayed<>(d.work, d.since, now + pause, pause));
            }
        }
    }

    /** Tries until the batch went through or the worker is closed: what is queued here is never given up. */
    private List<T> inTransaction(List<T> batch, boolean patient) throws InterruptedException {
        long pause = TimeUnit.MILLISECONDS.toNanos(100);
        while (!closed) {
            try {
                Connection open = connect();
                if (!guard.admits(open)) {
                    disconnect();
                    fenced.run();
                    throw new InterruptedException("another leader has taken over");
                }
                if (closed) {
                    // the next session, of the same term, may have read already what is in the table
                    disconnect();
                    break;
                }
                return action.run(open, batch, patient);
            } catch (SQLException e) {
                disconnect();
                log.atWarn()
                        .addKeyValue("worker", purpose)
                        .addKeyValue("rows", batch.size())
                        .addKeyValue("sqlState", e.getSQLState())
                        .addKeyValue("error", firstLine(e))
                        .log("settling failed, trying again");
                TimeUnit.NANOSECONDS.sleep(pause);
                pause = Math.min(pause * 2, TimeUnit.SECONDS.toNanos(5));
            }
        }
        throw new InterruptedException("closed");
    }

    private Connection connect() throws SQLException {
        Connection open = connection;
        if (open == null) {
            open = database.open(purpose);
            if (!ServerIdentity.read(open).equals(guard.identity())) {
                open.close();
                fenced.run();
                throw new SQLException("this is another server than the one that the leader was elected on");
            }
            open.setAutoCommit(false);
            SettlingSessions.enter(open, guard.slot());
            try (Statement statement = open.createStatement()) {
                // a leader that freezes in the middle of a transaction must not keep its lock on the term
                statement.execute("SET idle_in_transaction_session_timeout = '5s'");
            }
            open.commit();
            connection = open;
        }
        return open;
    }

    private void disconnect() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException e) {
                log.atDebug().addKeyValue("error", firstLine(e)).log("closing a connection failed");
            }
        }
    }

    private static String firstLine(SQLException e) {
        String text = String.valueOf(e.getMessage());
        int end = text.indexOf('\n');
        return end < 0 ? text : text.substring(0, end);
    }
}
