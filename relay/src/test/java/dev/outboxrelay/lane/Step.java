package dev.outboxrelay.lane;

/**
 * One thing that happens in a simulated world. Numbers mean what the kind says and are taken modulo whatever is there,
 * so that a step keeps its meaning when other steps are taken out of its schedule.
 */
record Step(Kind kind, int a, int b) {

    enum Kind {
        /** A transaction of {@code a} rows commits; {@code b} tells whose they are and how good. */
        COMMIT,
        /** A logical message is written. */
        MESSAGE,
        /** The source hands over {@code a} entries of the WAL. */
        RECEIVE,
        /** The server takes {@code a} publishes in the order in which they were sent. */
        SERVE,
        /** {@code a} answers arrive in order. */
        ANSWER,
        /** The answer number {@code a} overtakes the others. */
        ANSWER_EARLY,
        /** The answer number {@code a} is lost: the client gives up waiting. */
        LOSE_ANSWER,
        /** The client gives up waiting for publish number {@code a}, which is still on its way. */
        GIVE_UP,
        /** The publish number {@code a} is lost on its way. */
        LOSE_PUBLISH,
        /** The server looks at a stream's end for request number {@code a}. */
        LOOK,
        /** The answer number {@code a} of those about a stream's end arrives. */
        ATTACHED,
        /** The request number {@code a} for a stream's end fails, in the way {@code b}. */
        ATTACH_FAILS,
        /** The connection is cut: {@code a} publishes still reach the server, {@code b} are sent after a reconnect. */
        DISCONNECT,
        /**
         * As {@link #DISCONNECT}, and {@code b} publishes are held up inside a cluster, after {@code a} that were not.
         */
        CUT,
        /** As {@link #CRASH}, and {@code b} publishes are held up: a leader that is frozen and will wake up. */
        FREEZE,
        /** {@code a} publishes that were held up reach the stream's leader. */
        RELEASE,
        /** The connection is there again. */
        CONNECT,
        /** Somebody else publishes {@code b} messages to stream {@code a}. */
        FOREIGN,
        /** All but {@code b} messages of stream {@code a} are gone by age or purge. */
        PURGE,
        /** Stream {@code a} is deleted. */
        DELETE,
        /** Stream {@code a} refuses everything in the way {@code b} until told otherwise. */
        TROUBLE,
        /** Stream {@code a} recovers. */
        RECOVER,
        /** Another server leads stream {@code a}: what it had of batches that were not committed is gone. */
        NEW_LEADER,
        /** {@code a} dead letters are committed. */
        DEAD_LETTER,
        /** {@code a} events are parked. */
        PARK,
        /** {@code a} requests about parked events are carried out in the table. */
        TABLE,
        /** An operator mends dead letter number {@code a} and wants it published. */
        REPLAY,
        /** An operator gives dead letter number {@code a} up. */
        DISCARD,
        /** The routing rules change for everything that arrives from now on. */
        RULES,
        /** Somebody has the lane of tenant {@code a} park what waits. */
        PARK_NOW,
        /** Tenant {@code a} gets other bounds: paused or not by the lowest bit of {@code b}, the rest is its window. */
        POLICY,
        /** As {@link #PARK_NOW}, before the lane could look at its stream. */
        PARK_BLINDLY,
        /** {@code a} rows are marked as published, and their tickets settle; {@code b} tells where to begin. */
        MARK,
        /** The engine marks what is settled as processed. */
        PROCESSED,
        /** The slot confirms what was marked as processed. */
        FLUSH,
        /** PostgreSQL crashes; the slot's confirmed position goes back by {@code a} flushes. */
        POSTGRES_CRASH,
        /** The relay is killed: {@code a} publishes and {@code b} dead letters that were on their way still arrive. */
        CRASH,
        /** For a while everything goes its way. */
        RUN,
        /** {@code a} milliseconds pass. */
        TICK,
        /** The database is as it was at the confirmed position: what came after it never happened. */
        RESTORE,
        /**
         * A standby is promoted: another timeline, and the copy of the slot lags by {@code a} flushes. Nothing else is
         * lost: the relay is told of nothing that the standby has not got.
         */
        PROMOTE,
        /** The slot is made anew under another name at the place that is confirmed. */
        NEW_SLOT,
        /** The database is copied to another system, slot included. */
        NEW_SYSTEM
    }

    @Override
    public String toString() {
        return kind + "(" + a + ", " + b + ")";
    }
}
