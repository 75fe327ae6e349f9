package dev.outboxrelay.publish;

import org.jspecify.annotations.Nullable;

/** A NATS server is there and does not let the relay in, or the relay does not trust it. */
public final class NatsRefused extends Exception {

    private static final long serialVersionUID = 1L;
    private final boolean distrust;

    NatsRefused(String servers, String why, @Nullable Throwable cause) {
        super(
                "NATS at " + servers + " refuses the relay: " + why
                        + "; check outbox.nats.url, outbox.nats.credentials-file (or the other way to log in) and the"
                        + " account's permissions",
                cause);
        this.distrust = false;
    }

    private NatsRefused(String why, boolean distrust, @Nullable Throwable cause) {
        super(why, cause);
        this.distrust = distrust;
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
