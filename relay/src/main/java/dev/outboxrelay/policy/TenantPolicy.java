package dev.outboxrelay.policy;

import dev.outboxrelay.config.Poison;
import dev.outboxrelay.config.Provision;
import dev.outboxrelay.lane.RetryPolicy;
import java.time.Duration;

/**
 * Everything that holds for one tenant.
 *
 * @param paused whether nothing is published and events are parked
 * @param provision what the relay does about the stream
 * @param stream the shape that it should have
 * @param maxInFlight most events sent and not acknowledged
 * @param parkAfter how long the tenant may get nowhere before its events are parked
 * @param poison whether later events wait behind a dead letter
 */
public record TenantPolicy(
        boolean paused,
        Provision provision,
        StreamPolicy stream,
        int maxInFlight,
        RetryPolicy retry,
        Duration parkAfter,
        Poison poison) {}
