package dev.outboxrelay;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says that the disk refuses events, once in ten seconds. Thread-safe. */
final class SpillLog {

    private static final Logger log = LoggerFactory.getLogger(SpillLog.class);
    private static final long APART_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final AtomicLong next = new AtomicLong(System.nanoTime());

    void refused(IOException error) {
        long now = System.nanoTime();
        long due = next.get();
        if (now - due >= 0 && next.compareAndSet(due, now + APART_NANOS)) {
            log.atError()
                    .addKeyValue("error", error.toString())
                    .log("events cannot be written into outbox.lanes.spill-directory: the source waits, and everybody"
                            + " with it, until that works or memory is free");
        }
    }
}
