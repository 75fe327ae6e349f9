package dev.outboxrelay.config;

import dev.outboxrelay.event.TenantPattern;

/**
 * A policy for a group of tenants ({@code outbox.policies[i].*}); the first group that a tenant belongs to counts.
 *
 * @param tenants who belongs to it
 * @param values what it says; the rest is left to the defaults
 */
public record PolicyGroup(TenantPattern tenants, PolicyValues values) {}
