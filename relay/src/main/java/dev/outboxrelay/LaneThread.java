package dev.outboxrelay;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One of the few threads that drive lanes: runs what is posted, in order, and what is due. */
final class LaneThread implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LaneThread.class);

    private record Timer(long due, Runnable task) {}

    private final LinkedBlockingQueue<Runnable> queue = new LinkedBlockingQueue<>();
    private final PriorityQueue<Timer> timers = new PriorityQueue<>((a, b) -> Long.compare(a.due - b.due, 0));
    private final List<Runnable> afterBatch = new ArrayList<>();
    private final Thread thread;
    private final java.util.function.Consumer<Throwable> onBug;

    /** @param onBug told when a task threw: the lanes of this thread cannot be trusted any more */
    LaneThread(int number, java.util.function.Consumer<Throwable> onBug) {
        this.onBug = onBug;
        this.thread = new Thread(this::loop, "outbox-lanes-" + number);
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Runs a task on this thread, soon. Thread-safe. */
    void post(Runnable task) {
        queue.add(task);
    }

    /** Runs a task once, after what is waiting now has run. Called on this thread. */
    void afterBatch(Runnable task) {
        afterBatch.add(task);
    }

    /** Runs a task on this thread at a time of {@link System#nanoTime()}. Called on this thread. */
    void at(long due, Runnable task) {
        timers.add(new Timer(due, task));
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void loop() {
        List<Runnable> batch = new ArrayList<>();
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Timer next = timers.peek();
                Runnable first = next == null ? queue.take() : poll(next);
                if (first != null) {
                    batch.add(first);
                    queue.drainTo(batch, 1_000);
                    batch.forEach(Runnable::run);
                    batch.clear();
                }
                runDue();
                afterBatch.forEach(Runnable::run);
                afterBatch.clear();
            }
        } catch (InterruptedException e) {
            log.debug("lane thread stopped");
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("a lane broke: the source starts again from what is confirmed");
            onBug.accept(e);
        }
    }

    private @Nullable Runnable poll(Timer next) throws InterruptedException {
        return queue.poll(Math.max(0, next.due - System.nanoTime()), TimeUnit.NANOSECONDS);
    }

    private void runDue() {
        long now = System.nanoTime();
        Timer next = timers.peek();
        while (next != null && next.due - now <= 0) {
            timers.remove().task.run();
            next = timers.peek();
        }
    }
}
