package dev.outboxrelay.publish;

/** A NATS server is there and does not let the relay in. */
public final class NatsRefused extends Exception {

    private static final long serialVersionUID = 1L;

    NatsRefused(String servers, String why, Throwable cause) {
        super(
                "NATS at " + servers + " refuses the relay: " + why
                        + "; check outbox.nats.url, outbox.nats.credentials-file and the account's permissions",
                cause);
    }
}
