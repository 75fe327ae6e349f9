package dev.outboxrelay.lab.torture;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** Keeps those who do something for tenants from some of them. Any thread. */
final class Gate {

    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private final Set<String> closed = ConcurrentHashMap.newKeySet();

    /** Begins something that may be for any tenant but those that are closed; the same thread leaves. */
    void enter() {
        lock.readLock().lock();
    }

    void leave() {
        lock.readLock().unlock();
    }

    /** Waits until everything that has begun is over, and lets nothing begin for this tenant. */
    void close(String tenant) throws InterruptedException {
        lock.writeLock().lockInterruptibly();
        try {
            closed.add(tenant);
        } finally {
            lock.writeLock().unlock();
        }
    }

    void open(String tenant) {
        closed.remove(tenant);
    }

    boolean isClosed(String tenant) {
        return closed.contains(tenant);
    }
}
