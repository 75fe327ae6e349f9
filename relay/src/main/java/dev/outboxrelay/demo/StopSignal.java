package dev.outboxrelay.demo;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Says once, to everybody, that it is time to end. Thread-safe. */
final class StopSignal {

    private final CountDownLatch requested = new CountDownLatch(1);

    /** Asks for the end; later calls change nothing. */
    void request() {
        requested.countDown();
    }

    boolean isRequested() {
        return requested.getCount() == 0;
    }

    /** Waits, and returns true as soon as the end was asked for, false when the time is over first. */
    boolean await(Duration time) throws InterruptedException {
        return requested.await(time.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Ends a start-up between two of its steps. */
    void check() throws StopRequested {
        if (isRequested()) {
            throw new StopRequested();
        }
    }
}
