package dev.outboxrelay.ha;

import dev.outboxrelay.postgres.ServerIdentity;

/**
 * How long a leader may believe that it still leads. Pure.
 *
 * <p>The server ends the lock's session when it has heard nothing for {@value #SESSION_SECONDS} seconds, and only then
 * can another leader begin. A leader believes in itself for {@value #TRUST_SECONDS} seconds after it last began to ask:
 * a process that was frozen finds its lease over when it wakes, before it does anything.
 *
 * @param term this leader's number; each new leader has a greater one
 * @param server where the lock is held: everything that the leader does must be about this server
 * @param askedAtNanos monotonic time before the last question that the server answered
 */
public record Lease(long term, ServerIdentity server, long askedAtNanos) {

    /** The lock session's {@code idle_session_timeout}. */
    public static final int SESSION_SECONDS = 10;

    /** How long an answer is good for; less than the above, so that clocks may run a little apart. */
    public static final int TRUST_SECONDS = 8;

    /** Whether the leader may act at this monotonic time. */
    public boolean isTrusted(long nowNanos) {
        return nowNanos - askedAtNanos < TRUST_SECONDS * 1_000_000_000L;
    }

    Lease confirmed(long askedAt) {
        return new Lease(term, server, askedAt);
    }
}
