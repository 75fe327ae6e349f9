package dev.outboxrelay.lane;

import dev.outboxrelay.event.Position;

/**
 * An event of a batch.
 *
 * @param position the fence to send along
 */
public record Outgoing(Item item, Position position) {}
