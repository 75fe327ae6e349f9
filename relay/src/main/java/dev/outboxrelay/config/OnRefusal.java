package dev.outboxrelay.config;

/** What the relay does at its start about something that only a person can mend ({@code outbox.ha.on-refusal}). */
public enum OnRefusal {
    /** It says what mends it and ends with exit code 2: whoever deploys it notices. */
    EXIT,
    /** It says so and tries again: a sidecar that ends again and again would take its application out of service. */
    WAIT
}
