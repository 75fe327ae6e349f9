package dev.outboxrelay.testing;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Waits for a condition with a deadline, so that no test sleeps for a fixed time. Runs on the caller's thread. */
public final class Await {
    private static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(30);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private Await() {}

    /**
     * What is waited for; an exception or a failed assertion means "not yet" and is the cause if the deadline passes.
     */
    @FunctionalInterface
    public interface Condition {
        boolean holds() throws Exception;
    }

    /** A value that is waited for; null means "not yet". */
    @FunctionalInterface
    public interface Source<T> {
        @Nullable
        T get() throws Exception;
    }

    /** Returns when the condition holds; throws an {@link AssertionError} that names it after 30 s. */
    public static void until(String what, Condition condition) {
        until(what, DEFAULT_DEADLINE, condition);
    }

    /** Returns when the condition holds; throws an {@link AssertionError} that names it after the deadline. */
    public static void until(String what, Duration deadline, Condition condition) {
        value(what, deadline, () -> condition.holds() ? Boolean.TRUE : null);
    }

    /** Returns the source's first value that is not null; throws an {@link AssertionError} after the deadline. */
    public static <T> T value(String what, Duration deadline, Source<T> source) {
        long start = System.nanoTime();
        while (true) {
            Throwable failure = null;
            try {
                T value = source.get();
                if (value != null) {
                    return value;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while waiting until " + what, e);
            } catch (Exception | AssertionError e) {
                failure = e;
            }
            if (System.nanoTime() - start > deadline.toNanos()) {
                throw new AssertionError("waited " + deadline.toMillis() + " ms in vain until " + what, failure);
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new IllegalStateException("interrupted while waiting until " + what, failure);
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }
}
