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
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
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

    /** What came back together. */
    private record Delayed<T>(Waiting<T> lot, long since, long due, long pause) {}

    private final String purpose;
    private final Database database;
    private final int size;
    private final long lingerNanos;
    private final Batch<T> action;
    private final TermGuard guard;
    private final Runnable fenced;
    private final Consumer<Throwable> broken;
    private final Supplier<Waiting<T>> memory;
    private final WorkQueue<T> queue;
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
            Supplier<Waiting<T>> memory,
            Batch<T> action) {
        this.purpose = purpose;
        this.database = database;
        this.size = size;
        this.lingerNanos = linger.toNanos();
        this.action = action;
        this.guard = guard;
        this.fenced = fenced;
        this.broken = broken;
        this.memory = memory;
        this.queue = new WorkQueue<>(memory.get());
        this.thread = new Thread(this::loop, "outbox-" + purpose);
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    void add(List<T> work) {
        queue.add(work);
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
                    delay(inTransaction(batch, true), now, now, AGAIN_NANOS);
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
        T first = queue.poll(wait);
        if (first == null) {
            return batch;
        }
        batch.add(first);
        queue.drainTo(batch, size);
        long deadline = System.nanoTime() + lingerNanos;
        while (batch.size() < size) {
            T more = queue.poll(deadline - System.nanoTime());
            if (more == null) {
                break;
            }
            batch.add(more);
            queue.drainTo(batch, size);
        }
        return batch;
    }

    private void delay(List<T> again, long since, long now, long pause) {
        if (!again.isEmpty()) {
            Waiting<T> lot = memory.get();
            again.forEach(lot::add);
            delayed.add(new Delayed<>(lot, since, now + pause, pause));
        }
    }

    private void retryDue() throws InterruptedException {
        long now = System.nanoTime();
        List<Delayed<T>> patient = new ArrayList<>();
        List<Delayed<T>> impatient = new ArrayList<>();
        int works = 0;
        Delayed<T> head = delayed.peek();
        while (head != null && head.due - now <= 0 && (works == 0 || works + head.lot.size() <= size)) {
            delayed.remove();
            works += head.lot.size();
            (now - head.since < PATIENCE_NANOS ? patient : impatient).add(head);
            head = delayed.peek();
        }
        retryPatiently(patient);
        retryImpatiently(impatient);
    }

    /** In one transaction; what comes back keeps its age. */
    private void retryPatiently(List<Delayed<T>> due) throws InterruptedException {
        if (due.isEmpty()) {
            return;
        }
        List<List<T>> lots = due.stream().map(lot -> contents(lot.lot)).toList();
        Set<T> again =
                new HashSet<>(inTransaction(lots.stream().flatMap(List::stream).toList(), true));
        long now = System.nanoTime();
        for (int i = 0; i < lots.size(); i++) {
            List<T> open = lots.get(i).stream().filter(again::contains).toList();
            delay(open, due.get(i).since, now, longer(due.get(i).pause));
        }
    }

    /** In one transaction; what comes back is one lot from now on, so that there are few, however much is locked. */
    private void retryImpatiently(List<Delayed<T>> due) throws InterruptedException {
        if (due.isEmpty()) {
            return;
        }
        List<T> all = due.stream().flatMap(lot -> contents(lot.lot).stream()).toList();
        delay(inTransaction(all, false), due.get(0).since, System.nanoTime(), AGAIN_MAX_NANOS);
    }

    private static long longer(long pause) {
        return Math.min(pause * 2, AGAIN_MAX_NANOS);
    }

    private List<T> contents(Waiting<T> lot) {
        List<T> all = new ArrayList<>(lot.size());
        for (T work = lot.poll(); work != null; work = lot.poll()) {
            all.add(work);
        }
        return all;
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
        Database.discard(open);
    }

    private static String firstLine(SQLException e) {
        String text = String.valueOf(e.getMessage());
        int end = text.indexOf('\n');
        return end < 0 ? text : text.substring(0, end);
    }
}
