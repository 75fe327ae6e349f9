package dev.outboxrelay.admin;

import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The state of one of the two ends.
 *
 * @param connected whether it is up now
 * @param since when that began
 * @param lastError why it went or stays away, in words for an operator, without a secret or a payload; null if it never
 *     did
 */
public record Connection(
        boolean connected, Instant since, @Nullable String lastError) {

    public Connection {
        Objects.requireNonNull(since, "since");
    }

    /** Returns an end that is up since then. */
    public static Connection up(Instant since) {
        return new Connection(true, since, null);
    }

    /** Returns an end that is away since then, and why. */
    public static Connection down(Instant since, @Nullable String error) {
        return new Connection(false, since, error);
    }
}
