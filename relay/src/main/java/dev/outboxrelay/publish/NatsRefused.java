package dev.outboxrelay.publish;

import org.jspecify.annotations.Nullable;

/** A NATS server is there and does not let the relay in, or the relay does not trust it. */
public final class NatsRefused extends Exception {

    private static final long serialVersionUID = 1L;
    private final boolean distrust;

    private NatsRefused(String why, boolean distrust, @Nullable Throwable cause) {
        super(why, cause);
        this.distrust = distrust;
    }

    /** The server does not know who comes; says what mends it. */
    static NatsRefused login(String why, Throwable cause) {
        return new NatsRefused(why, false, cause);
    }

    /** Nobody was asked: a file with a secret cannot be used. */
    static NatsRefused file(String problem) {
        return new NatsRefused(problem, false, null);
    }

    /** No agreement on an encrypted connection. */
    static NatsRefused distrust(String why, @Nullable Throwable cause) {
        return new NatsRefused(why, true, cause);
    }

    /** Whether it is about encryption and certificates, and not about who the relay is. */
    public boolean isDistrust() {
        return distrust;
    }
}
