package dev.outboxrelay.config;

/**
 * A text that was given for a key, and who gave it. Its text form does not show the text, which may be a secret.
 *
 * @param origin for people, such as {@code file relay.yaml} or {@code environment OUTBOX_POSTGRES_URL}
 */
public record RawValue(String text, String origin) {

    /** How the origin of a value begins that a NATS context gave. */
    public static final String CONTEXT = "NATS context ";

    @Override
    public String toString() {
        return "RawValue[" + origin + "]";
    }
}
