package dev.outboxrelay.path;

import dev.outboxrelay.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Applications at work: several writers whose transactions interleave, each of one to eight rows for several tenants,
 * some followed by an event without a row, some rolled back as a whole or to a savepoint. A writer that loses its
 * connection opens another one; what became of its last commit is for {@link Outbox#committed()} to say.
 */
final class Load implements AutoCloseable {

    private static final long PACE_NANOS = 15_000_000;

    private final Outbox outbox;
    private final List<String> tenants;
    private final boolean emits;
    private final List<Thread> writers = new ArrayList<>();
    private final AtomicLong rows = new AtomicLong();
    private final AtomicReference<@Nullable Throwable> bug = new AtomicReference<>();
    private volatile boolean over;

    private Load(Outbox outbox, List<String> tenants, boolean emits) {
        this.outbox = outbox;
        this.tenants = List.copyOf(tenants);
        this.emits = emits;
    }

    static Load start(Outbox outbox, List<String> tenants, int writers, long seed) {
        return start(new Load(outbox, tenants, true), writers, seed);
    }

    /** The same without events that have no row. */
    static Load startWithRowsOnly(Outbox outbox, List<String> tenants, int writers, long seed) {
        return start(new Load(outbox, tenants, false), writers, seed);
    }

    private static Load start(Load load, int writers, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < writers; i++) {
            SplittableRandom own = random.split();
            Thread writer = new Thread(() -> load.write(own), "writer-" + i);
            writer.setUncaughtExceptionHandler((thread, bug) -> load.bug.compareAndSet(null, bug));
            load.writers.add(writer);
            writer.start();
        }
        return load;
    }

    /** How many rows were committed for certain. Any thread. */
    long rows() {
        return rows.get();
    }

    private void write(SplittableRandom random) {
        Connection connection = null;
        while (!over) {
            try {
                if (connection == null) {
                    connection = outbox.as(TestPostgres.WRITER);
                    connection.setAutoCommit(false);
                }
                rows.addAndGet(transaction(connection, random));
            } catch (SQLException | AssertionError e) {
                // lost; the driver asserts what does not hold on a connection that dies in the middle of a batch
                close(connection);
                connection = null;
            }
            LockSupport.parkNanos(PACE_NANOS);
        }
        close(connection);
    }

    private int transaction(Connection connection, SplittableRandom random) throws SQLException {
        List<Row> batch = batch(random);
        Outbox.insert(connection, batch);
        int kind = random.nextInt(10);
        if (emits && kind < 4) {
            Outbox.emit(connection, List.of(batch.get(0)));
        }
        if (kind == 0) {
            connection.rollback();
            return 0;
        }
        if (kind == 1) {
            Savepoint savepoint = connection.setSavepoint();
            Outbox.insert(connection, batch(random));
            if (emits) {
                Outbox.emit(connection, batch(random));
            }
            connection.rollback(savepoint);
            Outbox.insert(connection, batch(random));
        }
        connection.commit();
        return batch.size();
    }

    private List<Row> batch(SplittableRandom random) {
        List<Row> batch = new ArrayList<>();
        int size = random.nextInt(1, 9);
        for (int i = 0; i < size; i++) {
            batch.add(Row.of(tenants.get(random.nextInt(tenants.size()))));
        }
        return batch;
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

    @Override
    public void close() {
        stop();
    }

    /** Ends the writers and waits for them. Idempotent. Throws when a writer had ended by itself. */
    void stop() {
        over = true;
        for (Thread writer : writers) {
            try {
                writer.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
        Throwable unexpected = bug.get();
        if (unexpected != null) {
            throw new IllegalStateException("a writer ended by itself", unexpected);
        }
    }
}
