package dev.outboxrelay.config;

import java.util.List;

/**
 * Everything that the relay was told, checked as a whole. Immutable; {@link SettingsReader} makes it from flat keys.
 * Its text form shows no secret.
 */
public record Settings(
        PostgresSettings postgres,
        NatsSettings nats,
        SourceSettings source,
        Naming naming,
        StreamSettings streams,
        LaneSettings lanes,
        RetrySettings retry,
        SettleSettings settle,
        DeadLetterSettings deadLetter,
        List<PolicyGroup> policies,
        ConsumerSettings consumers,
        AdminSettings admin) {}
