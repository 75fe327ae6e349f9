package dev.outboxrelay.lane;

/**
 * What went wrong with one publish or one look at the stream.
 *
 * @param kind what the lane does about it
 * @param cause a short stable word or API code for metrics, such as {@code timeout} or {@code 10071}
 * @param text in words, for logs and the status page; no payload
 */
public record Failure(Kind kind, String cause, String text) {

    /** What the lane does about a failure. */
    public enum Kind {
        /** Whether it was stored is unknown: look at the stream, then go on. Costs no attempt. */
        DOUBT,
        /** The stream's end was not where it was expected: look, then go on. Costs no attempt. */
        FENCED,
        /** Certainly not stored, and nobody's fault: try again. Costs no attempt. */
        TRANSIENT,
        /** The server answers, but this message does not get through, and no rule knows why. Costs an attempt. */
        UNEXPLAINED,
        /** The tenant's stream or account refuses everything: back off, for as long as it takes. */
        TENANT_TROUBLE,
        /** The message itself can never be stored: a dead letter at once. */
        POISON,
        /** Another tenant owns the stream's name: nothing of this tenant can be published. */
        NAME_CONFLICT
    }

    /** A failure whose outcome is unknown. */
    public static Failure doubt(String cause, String text) {
        return new Failure(Kind.DOUBT, cause, text);
    }
}
