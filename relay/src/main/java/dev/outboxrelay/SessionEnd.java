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

    /** Another instance leads, or may lead: touch nothing any more. */
    record LeadershipLost(String reason) implements SessionEnd {}

    /** It rested on something untrue: start again, with or without trusting fences. */
    record Restart(boolean useFences, String reason) implements SessionEnd {}
}
