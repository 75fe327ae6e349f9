package dev.outboxrelay.lane;

import java.util.OptionalLong;

/**
 * What a lane wants to know when it looks at its stream's end.
 *
 * @param probe a sequence about which the server said {@code duplicate}: what is there?
 * @param behind the last sequence that is known to hold an event of ours
 * @param first whether the lane looks for the first time: then what was in flight beside the last message counts
 * @param inFlight how many of the lane's messages may lie behind that; 0 when none can, and nothing need be read back
 */
public record Look(OptionalLong probe, long behind, boolean first, int inFlight) {}
