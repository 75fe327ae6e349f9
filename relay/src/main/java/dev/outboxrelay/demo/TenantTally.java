package dev.outboxrelay.demo;

import java.util.concurrent.atomic.LongAdder;

/** What the sample application did for one tenant, in events. Thread-safe. */
final class TenantTally {

    private final LongAdder inserted = new LongAdder();
    private final LongAdder rolledBack = new LongAdder();

    void inserted(long events) {
        inserted.add(events);
    }

    void rolledBack(long events) {
        rolledBack.add(events);
    }

    /** Events whose transaction committed. */
    long inserted() {
        return inserted.sum();
    }

    /** Events that a rollback took back, of a whole transaction or to a savepoint. */
    long rolledBack() {
        return rolledBack.sum();
    }
}
