package dev.outboxrelay.lab.torture;

import dev.outboxrelay.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Applications at work: several that write a few rows a transaction, and one that loads in bulk. Transactions
 * interleave, some stay open for a while, some are rolled back as a whole or to a savepoint. A writer that loses its
 * connection opens another one and finds out what became of its last commit.
 */
final class Writers implements AutoCloseable {

    private static final int SMALL = 5;
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final TestPostgres postgres;
    private final Tenants tenants;
    private final int rate;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<@Nullable Throwable> bug = new AtomicReference<>();
    private volatile boolean over;

    /** Tenants whose application is silent for a while. */
    final Gate gate = new Gate();

    final AtomicLong rows = new AtomicLong();
    final AtomicLong transactions = new AtomicLong();
    final AtomicLong rolledBack = new AtomicLong();
    final AtomicLong inDoubt = new AtomicLong();
    final AtomicLong broken = new AtomicLong();

    private Writers(TestPostgres postgres, Tenants tenants, int rate) {
        this.postgres = postgres;
        this.tenants = tenants;
        this.rate = rate;
    }

    /** Starts them; {@code rate} is what the small ones write, in rows a second. */
    static Writers start(TestPostgres postgres, Tenants tenants, long seed, int rate) {
        Writers writers = new Writers(postgres, tenants, rate);
        SplittableRandom random = new SplittableRandom(seed ^ 0x5eed);
        for (int i = 0; i < SMALL; i++) {
            writers.start("writer-" + i, writers.new Writer(random.split(), false));
        }
        writers.start("writer-bulk", writers.new Writer(random.split(), true));
        return writers;
    }

    private void start(String name, Writer writer) {
        Thread thread = new Thread(writer::run, name);
        thread.setUncaughtExceptionHandler((unused, e) -> bug.compareAndSet(null, e));
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
    }

    /** Ends the writers and waits until the last commit in doubt is known. Throws when one had ended by itself. */
    void stop() throws InterruptedException {
        over = true;
        for (Thread thread : threads) {
            thread.join(Duration.ofMinutes(2).toMillis());
            if (thread.isAlive()) {
                throw new IllegalStateException(thread.getName() + " does not end");
            }
        }
        Throwable unexpected = bug.get();
        if (unexpected != null) {
            throw new IllegalStateException("a writer ended by itself", unexpected);
        }
    }

    @Override
    public void close() {
        over = true;
    }

    /** One application. */
    private final class Writer {

        private final SplittableRandom random;
        private final Rows source;
        private final boolean bulk;

        /** The transaction whose commit was asked for and not answered. */
        private @Nullable String doubtful;

        private int doubtfulRows;

        Writer(SplittableRandom random, boolean bulk) {
            this.random = random;
            this.source = new Rows(random.split());
            this.bulk = bulk;
        }

        void run() {
            Connection connection = null;
            while (!over) {
                try {
                    resolve();
                    if (connection == null || connection.isClosed()) {
                        connection = postgres.connect(TestPostgres.WRITER);
                        connection.setAutoCommit(false);
                    }
                    int written;
                    gate.enter();
                    try {
                        written = bulk ? load(connection) : transaction(connection);
                    } finally {
                        gate.leave();
                    }
                    pause(written);
                } catch (SQLException | AssertionError e) {
                    // lost; the driver asserts what does not hold on a connection that dies in the middle of a batch
                    broken.incrementAndGet();
                    close(connection);
                    connection = null;
                    LockSupport.parkNanos(RETRY_NANOS);
                }
            }
            close(connection);
            resolveAtLast();
        }

        private void pause(int written) {
            double seconds = bulk
                    ? 1 + random.nextDouble() * 4
                    : Math.max(1, written) * (double) SMALL / rate * (0.5 + random.nextDouble());
            long until = System.nanoTime() + (long) (seconds * 1e9);
            while (!over && System.nanoTime() < until) {
                LockSupport.parkNanos(Math.min(until - System.nanoTime(), TimeUnit.MILLISECONDS.toNanos(200)));
            }
        }

        private int transaction(Connection connection) throws SQLException {
            String tx = new UUID(random.nextLong(), random.nextLong()).toString();
            List<Row> all = new ArrayList<>();
            int kind = random.nextInt(100);
            if (kind < 10) {
                all.addAll(Ledger.publish(connection, tx, 0, batch()));
            } else if (kind < 20) {
                all.addAll(Ledger.emit(connection, tx, 0, batch()));
            } else {
                add(connection, tx, all, batch());
            }
            if (kind < 25) {
                Savepoint savepoint = connection.setSavepoint();
                List<Row> undone = new ArrayList<>();
                add(connection, tx, undone, batch());
                undone.addAll(Ledger.emit(connection, tx, undone.size(), batch()));
                connection.rollback(savepoint);
                add(connection, tx, all, batch());
                all.addAll(Ledger.emit(connection, tx, all.size(), batch()));
            }
            if (random.nextInt(100) < 6) { // others begin and commit meanwhile
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(50, 1_500)));
                add(connection, tx, all, batch());
            }
            return finish(connection, tx, all);
        }

        private int load(Connection connection) throws SQLException {
            String tx = new UUID(random.nextLong(), random.nextLong()).toString();
            int size = random.nextInt(12) == 0 ? random.nextInt(1_000, 4_000) : random.nextInt(20, 300);
            String favourite = draw();
            List<Row> all = new ArrayList<>();
            for (int i = 0; i < size; i++) {
                all.add(source.next(random.nextInt(3) == 0 ? draw() : favourite));
            }
            if (random.nextInt(3) == 0) {
                Ledger.insert(connection, tx, 0, all);
            } else {
                Ledger.copy(connection, tx, 0, all);
            }
            return finish(connection, tx, all);
        }

        private void add(Connection connection, String tx, List<Row> all, List<Row> more) throws SQLException {
            Ledger.insert(connection, tx, all.size(), more);
            all.addAll(more);
        }

        private String draw() {
            String tenant = tenants.draw(random, rows.get());
            return gate.isClosed(tenant) ? Tenants.OWNER : tenant;
        }

        private List<Row> batch() {
            List<Row> batch = new ArrayList<>();
            int size = random.nextInt(1, 9);
            for (int i = 0; i < size; i++) {
                batch.add(source.next(draw()));
            }
            return batch;
        }

        private int finish(Connection connection, String tx, List<Row> all) throws SQLException {
            if (random.nextInt(100) < 8) {
                connection.rollback();
                rolledBack.incrementAndGet();
                return 0;
            }
            Ledger.number(connection, tx, all);
            doubtful = tx;
            doubtfulRows = all.size();
            connection.commit();
            doubtful = null;
            transactions.incrementAndGet();
            rows.addAndGet(all.size());
            return all.size();
        }

        /** A commit without an answer: the table knows. The server that was asked is dead, or nobody is at it. */
        private void resolve() throws SQLException {
            String tx = doubtful;
            if (tx == null) {
                return;
            }
            try (Connection operator = postgres.connect(TestPostgres.OPERATOR)) {
                if (Ledger.isCommitted(operator, tx)) {
                    transactions.incrementAndGet();
                    rows.addAndGet(doubtfulRows);
                }
            }
            inDoubt.incrementAndGet();
            doubtful = null;
        }

        private void resolveAtLast() {
            while (doubtful != null) {
                try {
                    resolve();
                } catch (SQLException e) {
                    LockSupport.parkNanos(RETRY_NANOS);
                }
            }
        }

        private static void close(@Nullable Connection connection) {
            if (connection != null) {
                try {
                    connection.close();
                } catch (SQLException e) {
                    // lost already: that is why it is closed
                }
            }
        }
    }
}
