package dev.outboxrelay.source;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Batches on their way from the thread that reads the WAL to the engine's polling thread, bounded by bytes and by
 * changes: while there is no room the reader waits, and the WAL is the buffer. Thread-safe.
 */
final class Handover {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Condition left = lock.newCondition();
    private final ArrayDeque<Batch> queue = new ArrayDeque<>();
    private final long maxBytes;
    private final int maxChanges;
    private long bytes;
    private int changes;
    private volatile boolean empty = true;
    private volatile boolean open;
    private boolean failed;

    Handover(long maxBytes, int maxChanges) {
        this.maxBytes = maxBytes;
        this.maxChanges = maxChanges;
    }

    /** The slot is ours: from now on batches may come. */
    void open() {
        open = true;
    }

    boolean isOpen() {
        return open;
    }

    /** Nothing more comes: whoever waits for a batch stops waiting. */
    void fail() {
        lock.lock();
        try {
            failed = true;
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Whether nothing is queued, so that even a small batch is welcome. */
    boolean isEmpty() {
        return empty;
    }

    /**
     * Queues a batch, waiting for room; false when there was none in time. One batch always fits into an empty queue.
     */
    boolean offer(Batch batch, Duration atMost) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = atMost.toNanos();
            while (!queue.isEmpty() && !hasRoom(batch)) {
                if (nanos <= 0) {
                    return false;
                }
                nanos = left.awaitNanos(nanos);
            }
            queue.add(batch);
            bytes += batch.bytes();
            changes += batch.size();
            empty = false;
            arrived.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean hasRoom(Batch batch) {
        return bytes + batch.bytes() <= maxBytes && changes + batch.size() <= maxChanges;
    }

    /** The next batch, in order; null when none came in time or none will come any more. */
    @Nullable
    Batch take(Duration atMost) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = atMost.toNanos();
            while (queue.isEmpty()) {
                if (failed || nanos <= 0) {
                    return null;
                }
                nanos = arrived.awaitNanos(nanos);
            }
            Batch batch = queue.remove();
            bytes -= batch.bytes();
            changes -= batch.size();
            empty = queue.isEmpty();
            left.signal();
            return batch;
        } finally {
            lock.unlock();
        }
    }
}
