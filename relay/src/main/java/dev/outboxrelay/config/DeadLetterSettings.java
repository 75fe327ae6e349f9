package dev.outboxrelay.config;

/**
 * How dead letters are dealt with ({@code outbox.dead-letter.*}).
 *
 * @param poison the policy of a tenant that has none of its own in {@code outbox.tenant}
 */
public record DeadLetterSettings(Poison poison) {}
