package dev.outboxrelay.config;

/**
 * How dead letters are dealt with ({@code outbox.dead-letter.*}).
 *
 * @param poison the policy of a tenant that has none of its own in {@code outbox.tenant}
 * @param consumers whether messages that consumers give up become dead letters too
 */
public record DeadLetterSettings(Poison poison, boolean consumers) {}
