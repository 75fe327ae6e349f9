package dev.outboxrelay.lane;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** What a lane is doing. Each phase knows where it may go from here; anything else is a bug. */
public enum Phase {
    /** Nothing is known of the stream, and nothing needs it. */
    IDLE,
    /** No connection. */
    OFFLINE,
    /** Asked for the stream and its end. */
    ATTACHING,
    /** The stream's end is known: sending. */
    STREAMING,
    /** In doubt: nothing is sent until every answer is in. */
    DRAINING,
    /** Waiting before the next look at the stream. */
    BACKING_OFF,
    /** Another tenant owns the stream's name. */
    CONFLICT,
    /** This start of the source is over. */
    HALTED;

    private Set<Phase> next() {
        return switch (this) {
            case IDLE -> EnumSet.of(ATTACHING, OFFLINE, HALTED);
            case OFFLINE -> EnumSet.of(IDLE, ATTACHING, HALTED);
            case ATTACHING -> EnumSet.of(STREAMING, BACKING_OFF, CONFLICT, OFFLINE, HALTED);
            case STREAMING -> EnumSet.of(DRAINING, OFFLINE, HALTED);
            case DRAINING -> EnumSet.of(ATTACHING, BACKING_OFF, OFFLINE, HALTED);
            case BACKING_OFF -> EnumSet.of(ATTACHING, OFFLINE, HALTED);
            case CONFLICT -> EnumSet.of(IDLE, OFFLINE, HALTED);
            case HALTED -> EnumSet.noneOf(Phase.class);
        };
    }

    Phase to(Phase next) {
        if (!next().contains(next)) {
            throw new IllegalStateException("a lane cannot go from " + this + " to " + next);
        }
        return next;
    }

    /** The word for status and logs. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
