package dev.outboxrelay.lane;

import dev.outboxrelay.event.EventId;
import org.jspecify.annotations.Nullable;

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

    /** What routing rules say. */
    enum Ruling {
        NONE,
        DROP,
        DEAD_LETTER
    }

    final int tenant;
    Fate fate;
    final EventId id;
    final long lsn;
    int refusalsLeft;
    boolean marked;
    boolean replayed;
    /** A lane dropped it, as the rules said then. */
    boolean dropped;
    /** A copy of it reached the server after the session that had sent it was over. */
    boolean heldUp;
    /** Rules made it a dead letter. */
    boolean ruledOut;

    /** Its row in the table of dead letters. */
    @Nullable
    Letter letter;

    /** A row of the table of dead letters. */
    static final class Letter {

        enum State {
            PARKED,
            SENT,
            DEAD,
            REPLAYING,
            REPLAYED,
            DISCARDED
        }

        final long seq;
        final boolean everParked;
        State state;

        Letter(long seq, State state) {
            this.seq = seq;
            this.state = state;
            this.everParked = state == State.PARKED;
        }

        boolean waits() {
            return state == State.PARKED || state == State.REPLAYING;
        }
    }

    boolean isDead() {
        return letter != null && (letter.state == Letter.State.DEAD || letter.state == Letter.State.DISCARDED);
    }

    boolean waitsInTable() {
        return letter != null && letter.waits();
    }

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
