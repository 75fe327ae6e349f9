package dev.outboxrelay;

/**
 * Tells an event that keeps the slot from being confirmed from one that only happens to be the first while the source
 * is behind: the former is still the first at the next look. One thread at a time.
 */
final class TwoLooks {

    private long before = -1;

    /** Whether this ticket was the first open one at the last look, too. */
    boolean look(long firstTicket) {
        boolean still = firstTicket == before;
        before = firstTicket;
        return still;
    }
}
