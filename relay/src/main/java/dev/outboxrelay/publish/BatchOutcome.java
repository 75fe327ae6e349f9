package dev.outboxrelay.publish;

import dev.outboxrelay.lane.Failure;

/** How the publishing of a batch ended. */
public sealed interface BatchOutcome {

    /**
     * Stored in the expected stream.
     *
     * @param lastSequence where the last message lies
     * @param messages how many there were
     */
    record Stored(long lastSequence, long messages) implements BatchOutcome {}

    /** Anything else. */
    record Failed(Failure failure) implements BatchOutcome {}
}
