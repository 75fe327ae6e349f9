package dev.outboxrelay;

/** Why a run of the source ended. */
sealed interface SessionEnd {

    /** It was asked to. */
    record Stopped() implements SessionEnd {}

    /** The engine or its connection failed: start again from what is confirmed. */
    record SourceLost(String error) implements SessionEnd {

        /** Whether the server found no publication: there is none, or it is younger than the slot's position. */
        boolean isPublicationGap() {
            return error.matches(".*publication \".*\" does not exist.*");
        }
    }

    /** The connection to NATS is closed for good: a new one is made, and everything that rests on it. */
    record NatsLost(String error) implements SessionEnd {}

    /** Another instance leads, or may lead: touch nothing any more. */
    record LeadershipLost(String reason) implements SessionEnd {}

    /** A stream tells of a leader with a greater term: step down, and lead again only with one beyond it. */
    record Outranked(long term, String reason) implements SessionEnd {}

    /** Whether this instance leads on. */
    default boolean isLeadershipOver() {
        return this instanceof LeadershipLost || this instanceof Outranked;
    }

    /** It rested on something untrue: start again, with or without trusting fences. */
    record Restart(boolean useFences, String reason) implements SessionEnd {}
}
