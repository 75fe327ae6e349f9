package dev.outboxrelay.lane;

import dev.outboxrelay.event.EventId;

/** A committed row of the simulated outbox. */
final class Row {

    /** How it fares. */
    enum Fate {
        /** It can be published. */
        GOOD,
        /** It breaks a rule and is refused before it is sent. */
        REJECTED,
        /** The server refuses it by name. */
        POISON,
        /** The server refuses it a few times and cannot say why. */
        FLAKY,
        /** The server refuses it for ever and cannot say why. */
        STUBBORN
    }

    final int tenant;
    final Fate fate;
    final EventId id;
    final long lsn;
    int refusalsLeft;
    boolean marked;
    boolean deadLetter;

    Row(int number, int tenant, Fate fate, long lsn) {
        this.tenant = tenant;
        this.fate = fate;
        this.id = new EventId("t" + tenant + "-" + number);
        this.lsn = lsn;
        this.refusalsLeft = fate == Fate.FLAKY ? 1 + number % 2 : fate == Fate.STUBBORN ? Integer.MAX_VALUE : 0;
    }

    @Override
    public String toString() {
        return id + (fate == Fate.GOOD ? "" : " " + fate);
    }
}
