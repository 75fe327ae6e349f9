package dev.outboxrelay.config;

/** A value that is shown to nobody: only {@link #reveal()} hands it out, for the one call that needs it. */
public record Secret(String value) {

    /** No secret was given: the server is asked without one (client certificate, trust in a private test). */
    public static final Secret NONE = new Secret("");

    /** The value itself, for the call that authenticates. Never for a message, a log line or an error. */
    public String reveal() {
        return value;
    }

    /** Whether a secret was given at all. */
    public boolean isPresent() {
        return !value.isEmpty();
    }

    @Override
    public String toString() {
        return isPresent() ? "***" : "(none)";
    }
}
