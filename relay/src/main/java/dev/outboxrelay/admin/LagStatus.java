package dev.outboxrelay.admin;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How fresh the figures of consumers are.
 *
 * @param at when they were last looked at; null if they were not yet
 * @param tookSeconds how long that took
 * @param streams how many streams there are
 * @param error why they cannot be looked at now; null if they can
 */
public record LagStatus(
        @Nullable Instant at,
        double tookSeconds,
        int streams,
        @Nullable String error) {

    /** Nothing was looked at, and nothing should have been. */
    public static final LagStatus NONE = new LagStatus(null, 0, 0, null);
}
