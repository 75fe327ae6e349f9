package dev.outboxrelay.event;

/**
 * Which history of which database cluster positions are read in.
 *
 * @param systemIdentifier the cluster's own number ({@code pg_control_system()})
 * @param timeline the timeline; it changes at a promotion
 * @param slot the replication slot's name
 */
public record SlotIdentity(long systemIdentifier, int timeline, String slot) {}
