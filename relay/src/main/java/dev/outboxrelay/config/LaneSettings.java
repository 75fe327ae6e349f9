package dev.outboxrelay.config;

import java.time.Duration;

/**
 * Bounds of what is on its way ({@code outbox.lanes.*}).
 *
 * @param window most events of one tenant in flight
 * @param threads threads that run all lanes
 * @param maxBytes memory for all queued and in-flight events of all tenants, in bytes
 * @param maxEvents most queued and in-flight events of all tenants
 * @param tenantMaxBytes memory for the queued events of one tenant, in bytes; what is beyond it is parked
 * @param tenantMaxEvents most queued events of one tenant
 * @param parkAfter how long a tenant may get nowhere before its events are parked
 */
public record LaneSettings(
        int window,
        int threads,
        long maxBytes,
        int maxEvents,
        long tenantMaxBytes,
        int tenantMaxEvents,
        Duration parkAfter) {}
