package dev.outboxrelay.admin;

import java.io.IOException;

/** The admin server could not take its address; the message says which, why, and what to do. */
public final class AdminBindException extends IOException {

    private static final long serialVersionUID = 1L;

    AdminBindException(String host, int port, String why, Exception cause) {
        super(
                "cannot bind the admin HTTP server to " + host + ":" + port + ": " + why
                        + "; free that address or set outbox.admin.bind to another one (port 0 takes any free port)",
                cause);
    }
}
