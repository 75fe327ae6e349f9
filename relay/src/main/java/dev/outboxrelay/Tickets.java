package dev.outboxrelay;

import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.watermark.Ticket;
import dev.outboxrelay.watermark.Watermark;
import java.time.Duration;

/** The watermark, shared between the source's thread, which issues, and all those that settle. Thread-safe. */
final class Tickets {

    private final Watermark watermark = new Watermark();

    synchronized Ticket issue() {
        return watermark.issue();
    }

    synchronized void boundary(Lsn lsn) {
        watermark.boundary(lsn);
    }

    synchronized void settle(Ticket ticket) {
        watermark.settle(ticket);
        if (watermark.settledPrefix() == watermark.issued()) {
            notifyAll();
        }
    }

    synchronized Lsn confirmable() {
        return watermark.confirmable();
    }

    synchronized long open() {
        return watermark.issued() - watermark.settledPrefix();
    }

    /** Waits until everything issued is settled; false when the time is over first. */
    synchronized boolean awaitAllSettled(Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (watermark.settledPrefix() < watermark.issued()) {
            long millis = (deadline - System.nanoTime()) / 1_000_000;
            if (millis <= 0) {
                return false;
            }
            wait(millis);
        }
        return true;
    }
}
