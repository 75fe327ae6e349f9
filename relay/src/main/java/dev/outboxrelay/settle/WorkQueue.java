package dev.outboxrelay.settle;

import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Work on its way to the thread that does it, in order. Thread-safe. */
final class WorkQueue<T> {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Waiting<T> waiting;

    WorkQueue(Waiting<T> waiting) {
        this.waiting = waiting;
    }

    void add(List<T> work) {
        lock.lock();
        try {
            work.forEach(waiting::add);
            arrived.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Takes the first; null when nothing came in time. */
    @Nullable
    T poll(long atMostNanos) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = atMostNanos;
            T work = waiting.poll();
            while (work == null && nanos > 0) {
                nanos = arrived.awaitNanos(nanos);
                work = waiting.poll();
            }
            return work;
        } finally {
            lock.unlock();
        }
    }

    /** Appends what waits to a batch until it has so many. */
    void drainTo(List<T> batch, int size) {
        lock.lock();
        try {
            while (batch.size() < size && waiting.size() > 0) {
                batch.add(waiting.poll());
            }
        } finally {
            lock.unlock();
        }
    }
}
