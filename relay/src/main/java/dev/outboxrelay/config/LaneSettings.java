package dev.outboxrelay.config;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Bounds of what is on its way ({@code outbox.lanes.*}).
 *
 * @param window most events of one tenant in flight
 * @param threads threads that run all lanes
 * @param maxBytes memory for all queued and in-flight events of all tenants, in bytes
 * @param maxEvents most queued and in-flight events of all tenants
 * @param tenantMaxBytes memory for the queued events of one tenant, in bytes; what is beyond it goes to disk or is
 *     parked
 * @param tenantMaxEvents most queued events of one tenant
 * @param parkAfter how long a tenant may get nowhere before its events are parked
 * @param spillDirectory where the queued events of a tenant that bursts wait; null to park them instead
 * @param spillMaxBytes most bytes there
 * @param paused whether every tenant is paused, whatever policies say
 */
public record LaneSettings(
        int window,
        int threads,
        long maxBytes,
        int maxEvents,
        long tenantMaxBytes,
        int tenantMaxEvents,
        Duration parkAfter,
        @Nullable Path spillDirectory,
        long spillMaxBytes,
        boolean paused) {}
