package dev.outboxrelay.config;

import dev.outboxrelay.rule.RouteRule;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that the relay was told, checked as a whole. Immutable; {@link SettingsReader} makes it from flat keys.
 * Its text form shows no secret.
 *
 * @param routes routing rules, in their order, that come after those of the table
 * @param tracing null for no spans
 */
public record Settings(
        PostgresSettings postgres,
        NatsSettings nats,
        SourceSettings source,
        Naming naming,
        List<RouteRule> routes,
        StreamSettings streams,
        LaneSettings lanes,
        RetrySettings retry,
        SettleSettings settle,
        DeadLetterSettings deadLetter,
        EventSettings events,
        @Nullable TracingSettings tracing,
        HaSettings ha,
        List<PolicyGroup> policies,
        ConsumerSettings consumers,
        AdminSettings admin) {}
