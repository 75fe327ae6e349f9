package dev.outboxrelay.config;

/**
 * The admin HTTP server ({@code outbox.admin.*}).
 *
 * @param host address to listen on
 * @param port 0 takes any free port
 * @param maxTenantLabels most tenants that get their own metric label; the others share one
 */
public record AdminSettings(String host, int port, int maxTenantLabels) {}
