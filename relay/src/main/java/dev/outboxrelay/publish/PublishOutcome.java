package dev.outboxrelay.publish;

import dev.outboxrelay.lane.Failure;

/** How a publish ended. */
public sealed interface PublishOutcome {

    /** Stored in the expected stream, as a new message. */
    record Stored(long sequence) implements PublishOutcome {}

    /** The server says that it has this id already; 0 when it does not say where. */
    record Duplicate(long sequence) implements PublishOutcome {}

    /** Anything else. */
    record Failed(Failure failure) implements PublishOutcome {}
}
