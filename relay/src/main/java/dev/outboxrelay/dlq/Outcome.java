package dev.outboxrelay.dlq;

import java.util.List;
import java.util.Map;

/**
 * What became of the letters that a command was about.
 *
 * @param changed the numbers of those that it changed, or would change
 * @param groups how many of these, by tenant and reason
 * @param refused how many were left alone because the relay would refuse them again
 * @param refusals the first of these
 * @param elsewhere how many somebody else decided about at the same moment
 * @param locked how many somebody else holds, so that nothing could be done
 */
public record Outcome(
        List<Long> changed,
        Map<Group, Long> groups,
        long refused,
        List<Refusal> refusals,
        long elsewhere,
        long locked) {

    /** Whether there was none to change, and none to refuse. */
    public boolean isNothing() {
        return changed.isEmpty() && refused == 0 && locked == 0;
    }

    /** Letters that look alike. */
    public record Group(String tenant, String reason) {}
}
