package dev.outboxrelay.tracing;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts spans from the moment that they are made until the collector has answered for them, and says when there are
 * enough. So what is too much is never made, and the queue behind never overflows. Any thread.
 */
final class Waiting {

    private final AtomicInteger spans = new AtomicInteger();
    private final int most;

    Waiting(int most) {
        this.most = most;
    }

    /** Takes a place, if there is one. */
    boolean enter() {
        while (true) {
            int now = spans.get();
            if (now >= most) {
                return false;
            }
            if (spans.compareAndSet(now, now + 1)) {
                return true;
            }
        }
    }

    /** Gives places back. */
    void leave(int places) {
        spans.addAndGet(-places);
    }

    /** How many wait. */
    int size() {
        return spans.get();
    }
}
