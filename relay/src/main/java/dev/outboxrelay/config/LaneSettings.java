package dev.outboxrelay.config;

/**
 * Bounds of what is on its way ({@code outbox.lanes.*}).
 *
 * @param window most events of one tenant in flight
 * @param threads threads that run all lanes
 * @param maxBytes memory for all queued and in-flight events of all tenants, in bytes
 * @param maxEvents most queued and in-flight events of all tenants
 */
public record LaneSettings(int window, int threads, long maxBytes, int maxEvents) {}
