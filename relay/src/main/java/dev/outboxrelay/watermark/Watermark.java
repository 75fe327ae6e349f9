package dev.outboxrelay.watermark;

import dev.outboxrelay.event.Lsn;
import java.util.ArrayDeque;
import java.util.BitSet;

/**
 * Which prefix of what arrived is settled, and how far the slot may therefore be confirmed.
 *
 * <p>Every event gets a {@link Ticket} in arrival order and settles exactly once, in any order. A <em>boundary</em> is
 * a WAL position between two tickets: it may be confirmed once every ticket before it is settled. Arrival order
 * decides, not LSN order, because the events of concurrent transactions interleave.
 *
 * <p>Not thread-safe: the caller serialises. Memory: one bit for each unsettled ticket and one entry for each boundary
 * that waits.
 */
public final class Watermark {

    private record Boundary(long ticketsBefore, Lsn lsn) {}

    private final ArrayDeque<Boundary> boundaries = new ArrayDeque<>();
    private BitSet settledAhead = new BitSet();
    private long bitBase;
    private long issued;
    private long prefix;
    private Lsn confirmable = Lsn.NONE;
    private Lsn lastBoundary = Lsn.NONE;

    /** Issues the next ticket. */
    public Ticket issue() {
        return new Ticket(issued++);
    }

    /**
     * Notes that everything which arrived so far lies before {@code lsn}, and nothing that comes later does.
     *
     * <p>A position at or before the last one is ignored: a boundary never moves back.
     */
    public void boundary(Lsn lsn) {
        if (lsn.compareTo(lastBoundary) <= 0) {
            return;
        }
        lastBoundary = lsn;
        Boundary last = boundaries.peekLast();
        if (last != null && last.ticketsBefore == issued) {
            boundaries.removeLast();
        }
        boundaries.addLast(new Boundary(issued, lsn));
        advance();
    }

    /**
     * Settles a ticket.
     *
     * @throws IllegalStateException when it was never issued or is settled already: both are bugs that lose events
     */
    public void settle(Ticket ticket) {
        long n = ticket.number();
        if (n >= issued) {
            throw new IllegalStateException("ticket " + n + " was never issued; " + issued + " were");
        }
        if (n < prefix || settledAhead.get(Math.toIntExact(n - bitBase))) {
            throw new IllegalStateException("ticket " + n + " is settled twice");
        }
        settledAhead.set(Math.toIntExact(n - bitBase));
        if (n == prefix) {
            advance();
        }
    }

    /** The greatest position that may be confirmed to the slot; {@link Lsn#NONE} while there is none. */
    public Lsn confirmable() {
        return confirmable;
    }

    /** How many tickets were issued. */
    public long issued() {
        return issued;
    }

    /** How many tickets, from the first on, are settled without a gap. */
    public long settledPrefix() {
        return prefix;
    }

    private void advance() {
        prefix = bitBase + settledAhead.nextClearBit(Math.toIntExact(prefix - bitBase));
        Boundary first = boundaries.peekFirst();
        while (first != null && first.ticketsBefore <= prefix) {
            confirmable = first.lsn;
            boundaries.removeFirst();
            first = boundaries.peekFirst();
        }
        compact();
    }

    /** Drops the bits of the settled prefix once they are the larger part, so that memory follows what is open. */
    private void compact() {
        int dead = Math.toIntExact(prefix - bitBase);
        if (dead >= 4096 && dead >= settledAhead.length() / 2) {
            settledAhead = settledAhead.get(dead, Math.max(dead, settledAhead.length()));
            bitBase = prefix;
        }
    }
}
