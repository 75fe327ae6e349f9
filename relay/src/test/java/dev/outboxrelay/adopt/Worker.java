package dev.outboxrelay.adopt;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A thread that repeats one piece of work until it is told to end, or until that fails. */
final class Worker implements AutoCloseable {

    /** What is repeated; whatever it throws ends the worker. */
    @FunctionalInterface
    interface Work {
        void once() throws Exception;
    }

    private final Thread thread;
    private final long pauseNanos;
    private volatile boolean over;
    private volatile @Nullable Exception failure;

    private Worker(String name, long pauseMillis, Work work) {
        pauseNanos = pauseMillis * 1_000_000;
        thread = new Thread(() -> run(work), name);
    }

    static Worker start(String name, long pauseMillis, Work work) {
        Worker worker = new Worker(name, pauseMillis, work);
        worker.thread.start();
        return worker;
    }

    private void run(Work work) {
        try {
            while (!over) {
                work.once();
                LockSupport.parkNanos(pauseNanos);
            }
        } catch (Exception e) {
            failure = e;
        }
    }

    boolean isOver() {
        return !thread.isAlive();
    }

    /** What ended it; null if nothing went wrong. */
    @Nullable
    Exception failure() {
        return failure;
    }

    /** Lets it end what it is at, and waits for that. */
    @Override
    public void close() throws InterruptedException {
        over = true;
        thread.join();
    }
}
