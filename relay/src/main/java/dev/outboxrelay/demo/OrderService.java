package dev.outboxrelay.demo;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The sample application: several writers that take orders for all tenants until they are told to stop. */
final class OrderService implements AutoCloseable {

    private static final int WRITERS = 4;
    private static final Duration LARGE_FIRST = Duration.ofSeconds(3);
    private static final Duration LARGE_EVERY = Duration.ofSeconds(15);
    private static final Duration STOP_DEADLINE = Duration.ofSeconds(20);

    private final Login login;
    private final Pace pace;
    private final StopSignal stop = new StopSignal();
    private final Map<String, TenantTally> tallies = new LinkedHashMap<>();
    private final AtomicLong nextLarge;
    private final AtomicReference<@Nullable SQLException> failure = new AtomicReference<>();
    private final List<Thread> writers;

    /**
     * Assigns only; {@link #start} begins to write.
     *
     * @param rate everyday events a second over all tenants; large transactions come on top
     */
    OrderService(Login login, int rate, SplittableRandom random) {
        this.login = login;
        this.pace = new Pace(rate, System.nanoTime());
        this.nextLarge = new AtomicLong(System.nanoTime() + LARGE_FIRST.toNanos());
        SampleTenant.ALL.forEach(tenant -> tallies.put(tenant.id(), new TenantTally()));
        this.writers = IntStream.rangeClosed(1, WRITERS)
                .mapToObj(number -> {
                    SplittableRandom own = random.split();
                    return new Thread(() -> write(own), "order-writer-" + number);
                })
                .toList();
    }

    void start() {
        writers.forEach(Thread::start);
    }

    /** What was done for a tenant so far. Any thread. */
    TenantTally tally(SampleTenant tenant) {
        return Objects.requireNonNull(tallies.get(tenant.id()));
    }

    /** What a writer failed with. Any thread. */
    Optional<String> failure() {
        return Optional.ofNullable(failure.get()).map(e -> "the sample application failed: " + e.getMessage());
    }

    /** Ends every writer behind the transaction that it is in. */
    @Override
    public void close() {
        stop.request();
        try {
            for (Thread writer : writers) {
                writer.join(STOP_DEADLINE.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write(RandomGenerator random) {
        try (Connection connection = login.open(Map.of("reWriteBatchedInserts", "true"))) {
            connection.setAutoCommit(false);
            while (!stop.isRequested()) {
                OrderPlan plan = isTimeForLarge() ? OrderPlan.large(random) : OrderPlan.ordinary(random);
                if (plan.isLarge() || !stop.await(pace.take(plan.events(), System.nanoTime()))) {
                    new OrderTransaction(connection, random, plan).run();
                    count(plan);
                }
            }
        } catch (SQLException e) {
            failure.compareAndSet(null, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isTimeForLarge() {
        long due = nextLarge.get();
        return System.nanoTime() - due >= 0 && nextLarge.compareAndSet(due, due + LARGE_EVERY.toNanos());
    }

    private void count(OrderPlan plan) {
        TenantTally tally = tally(plan.tenant());
        tally.inserted(plan.commits() ? plan.kept() : 0);
        tally.rolledBack(plan.commits() ? plan.undone() : plan.events());
    }
}
