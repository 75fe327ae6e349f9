package dev.outboxrelay.lag;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does something again and again on a thread of its own, for at most a tenth of the time. */
final class Periodic implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Periodic.class);
    private static final int SHARE = 10;

    private final Duration interval;
    private final Runnable task;
    private final Thread thread;
    private volatile boolean closed;

    /** Begins with {@link #start}; the task catches what may go wrong. */
    Periodic(String name, Duration interval, Runnable task) {
        this.interval = interval;
        this.task = task;
        this.thread = new Thread(this::loop, name);
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    private void loop() {
        try {
            while (!closed) {
                long begin = System.nanoTime();
                run();
                long took = System.nanoTime() - begin;
                TimeUnit.NANOSECONDS.sleep(Math.max(interval.toNanos(), (SHARE - 1) * took));
            }
        } catch (InterruptedException e) {
            log.debug("stopped");
        }
    }

    private void run() {
        try {
            task.run();
        } catch (RuntimeException e) {
            log.atWarn().setCause(e).log("a look failed, and is tried again");
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(Duration.ofSeconds(1).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
