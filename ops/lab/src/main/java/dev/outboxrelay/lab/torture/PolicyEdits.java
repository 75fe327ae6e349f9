package dev.outboxrelay.lab.torture;

import dev.outboxrelay.testing.TestPostgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Operators who edit policies while everything breaks: tenants are paused for a while and go on, their bound on what is
 * in flight and their stream's limits change. None of it may cost an event, its place, or a second copy.
 */
final class PolicyEdits implements AutoCloseable {

    private static final long PAUSE_MILLIS = 1_500;

    private final TestPostgres postgres;
    private final List<String> tenants;
    private final Random random;
    private final Thread thread;
    private final AtomicReference<@Nullable Throwable> bug = new AtomicReference<>();
    private volatile boolean over;

    final AtomicLong edits = new AtomicLong();
    final AtomicLong pauses = new AtomicLong();

    PolicyEdits(TestPostgres postgres, Tenants tenants, long seed) {
        this.postgres = postgres;
        this.tenants = tenants.names();
        this.random = new Random(seed ^ 0x9011);
        this.thread = new Thread(this::work, "policy-edits");
        thread.setDaemon(true);
        thread.setUncaughtExceptionHandler((unused, e) -> bug.compareAndSet(null, e));
    }

    void start() {
        thread.start();
    }

    private void work() {
        while (!over) {
            try {
                edit();
            } catch (SQLException e) {
                // the server is away: the next edit will do
            }
            if (!paused()) {
                return;
            }
        }
    }

    private static boolean paused() {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    /** One of them at a time is paused, so that the others show what they would without. */
    private void edit() throws SQLException {
        String tenant = tenants.get(random.nextInt(tenants.size()));
        switch (random.nextInt(4)) {
            case 0 -> {
                change("UPDATE outbox.tenant SET paused = NULL WHERE paused", null);
                change(upsert("paused", "true"), tenant);
                pauses.incrementAndGet();
            }
            case 1 -> change("UPDATE outbox.tenant SET paused = NULL WHERE paused", null);
            case 2 -> change(upsert("max_in_flight", Integer.toString(1 + random.nextInt(300))), tenant);
            default -> change(upsert("max_age", "interval '" + (3 + random.nextInt(9)) + " days'"), tenant);
        }
        edits.incrementAndGet();
    }

    private static String upsert(String column, String value) {
        return "INSERT INTO outbox.tenant (tenant_id, " + column + ") VALUES (?, " + value
                + ") ON CONFLICT (tenant_id) DO UPDATE SET " + column + " = excluded." + column;
    }

    private void change(String sql, @Nullable String tenant) throws SQLException {
        try (Connection connection = postgres.connect(TestPostgres.OPERATOR);
                PreparedStatement statement = connection.prepareStatement(sql)) {
            if (tenant != null) {
                statement.setString(1, tenant);
            }
            statement.executeUpdate();
        }
    }

    /** Ends it; every tenant goes on. The servers are there. */
    void finish() throws SQLException, InterruptedException {
        close();
        thread.join();
        Throwable unexpected = bug.get();
        if (unexpected != null) {
            throw new IllegalStateException("the edits of policies ended by themselves", unexpected);
        }
        try (Connection connection = postgres.connect(TestPostgres.OPERATOR);
                Statement statement = connection.createStatement()) {
            statement.execute("DELETE FROM outbox.tenant");
        }
    }

    @Override
    public void close() {
        over = true;
        thread.interrupt();
    }
}
