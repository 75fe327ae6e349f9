package dev.outboxrelay.publish;

import dev.outboxrelay.lane.Failure;

/** What it means when a message has no answer of a stream. Pure. */
final class PublishErrors {

    private static final int NO_RESPONDERS = 503;
    private static final int TOO_MANY = 429;

    private PublishErrors() {}

    /** The client library did not take the message. */
    static Failure notSent(RuntimeException thrown) {
        String text = String.valueOf(thrown.getMessage());
        if (thrown instanceof IllegalStateException) {
            return new Failure(Failure.Kind.TRANSIENT, "not_sent", text);
        }
        if (thrown instanceof IllegalArgumentException) {
            return new Failure(Failure.Kind.POISON, "refused_by_client", text);
        }
        return Failure.doubt(
                thrown.getClass().getSimpleName(), thrown.getClass().getSimpleName() + ": " + text);
    }

    /** A server answered instead of a stream. */
    static Failure status(int code) {
        return switch (code) {
            case NO_RESPONDERS ->
                new Failure(
                        Failure.Kind.UNEXPLAINED, "no_responders", "no stream takes this subject at this moment (503)");
            case TOO_MANY -> new Failure(Failure.Kind.TRANSIENT, "overload", "the server asks for patience (429)");
            default -> Failure.doubt("io", "the server answered with status " + code);
        };
    }
}
