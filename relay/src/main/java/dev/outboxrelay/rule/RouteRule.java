package dev.outboxrelay.rule;

import dev.outboxrelay.event.TenantPattern;

/**
 * One routing rule. It is for events that pass every rule of the naming contract; the others are dead letters whatever
 * it says.
 *
 * @param name what operators call it
 * @param tenants whose events it is for
 * @param subjects which of their subjects, below the tenant's prefix
 * @param action what becomes of such an event
 */
public record RouteRule(String name, TenantPattern tenants, SubjectPattern subjects, RouteAction action) {}
