package dev.outboxrelay.config;

import java.time.Duration;

/**
 * The admin HTTP server and what it shows ({@code outbox.admin.*}).
 *
 * @param host address to listen on
 * @param port 0 takes any free port
 * @param maxTenantLabels most tenants that get their own metric label; the others share one
 * @param lagInterval the pause between two looks at all consumers
 * @param access who may read and do what
 */
public record AdminSettings(String host, int port, int maxTenantLabels, Duration lagInterval, AdminAccess access) {}
