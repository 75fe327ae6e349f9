package dev.outboxrelay;

/**
 * The memory that queued and in-flight events of all tenants may take, and those that are stored while their rows are
 * not settled yet. Whoever takes from it waits while there is no room; the source then waits in the WAL, which is the
 * buffer. Thread-safe.
 */
final class Budget {

    /** What an event costs beside its bytes: objects, header strings, bookkeeping of the client. */
    private static final int OVERHEAD = 700;

    private final long maxBytes;
    private final int maxEvents;
    private long bytes;
    private long unsettled;
    private int events;
    private boolean closed;

    Budget(long maxBytes, int maxEvents) {
        this.maxBytes = maxBytes;
        this.maxEvents = maxEvents;
    }

    /** The cost of an event with this many bytes of content. */
    static long cost(long contentBytes) {
        return contentBytes + OVERHEAD;
    }

    /**
     * Takes without waiting; false when there is no room. One event always fits if there is no other, whatever it
     * costs, unless half of the memory is taken by what is not settled.
     */
    synchronized boolean tryAcquire(long cost) {
        boolean alone = events == 0 && unsettled <= maxBytes / 2;
        if (!alone && (events >= maxEvents || bytes + cost > maxBytes)) {
            return false;
        }
        bytes += cost;
        events++;
        return true;
    }

    /** Takes, waiting for room; false when nothing is to be taken any more. */
    synchronized boolean acquire(long cost) throws InterruptedException {
        while (!closed) {
            if (tryAcquire(cost)) {
                return true;
            }
            wait();
        }
        return false;
    }

    /** Takes whatever there is, so that something can move. */
    synchronized void take(long cost) {
        bytes += cost;
        events++;
    }

    /** Whether more than half is taken. */
    synchronized boolean isShort() {
        return bytes > maxBytes / 2 || events > maxEvents / 2;
    }

    /** Lets nobody take any more, and ends the waiting of those who do. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }

    /** Gives back. */
    synchronized void release(long cost) {
        bytes -= cost;
        events--;
        notifyAll();
    }

    /** A row takes so much until it is {@link #settled}. Never waits: its event gives back more. */
    synchronized void waits(int rowBytes) {
        bytes += rowBytes;
        unsettled += rowBytes;
    }

    /** The row says what became of its event. */
    synchronized void settled(int rowBytes) {
        bytes -= rowBytes;
        unsettled -= rowBytes;
        notifyAll();
    }

    synchronized int events() {
        return events;
    }
}
