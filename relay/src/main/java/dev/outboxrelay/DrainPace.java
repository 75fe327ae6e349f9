package dev.outboxrelay;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps parked events from filling the WAL when they go out: each changes two rows, and PostgreSQL frees what a slot
 * keeps only every fifteen seconds. While the slot keeps half of its budget or more, all tenants together take so many
 * events a second from the table, by turns; never none, for what fills the WAL may be something else, and may last.
 *
 * <p>Any thread.
 */
final class DrainPace {

    private final long walBytes;
    private final long eventsPerSecond;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private boolean slow;
    private int running;
    private long spent;

    /**
     * @param walBytes from how much kept WAL on
     * @param eventsPerSecond how many are taken then; a batch that was begun may go beyond
     */
    DrainPace(long walBytes, long eventsPerSecond) {
        this.walBytes = walBytes;
        this.eventsPerSecond = eventsPerSecond;
    }

    /** Takes the next events from the table, now or when it is their turn; tell {@link #fetched} how many they were. */
    void ask(Runnable fetch) {
        synchronized (this) {
            waiting.add(fetch);
        }
        go();
    }

    /** What was asked for is there. */
    void fetched(int events) {
        synchronized (this) {
            running--;
            spent += events;
        }
        go();
    }

    /** The slot as it is now; to be told once a second. */
    void look(long retainedBytes) {
        synchronized (this) {
            slow = retainedBytes >= walBytes;
            spent = 0;
        }
        go();
    }

    /** Nobody could look; to be told instead. */
    void unknown() {
        synchronized (this) {
            spent = 0;
        }
        go();
    }

    private void go() {
        take().forEach(Runnable::run);
    }

    private synchronized List<Runnable> take() {
        List<Runnable> due = new ArrayList<>();
        while (!waiting.isEmpty() && (!slow || (running == 0 && spent < eventsPerSecond))) {
            due.add(waiting.remove());
            running++;
        }
        return due;
    }
}
