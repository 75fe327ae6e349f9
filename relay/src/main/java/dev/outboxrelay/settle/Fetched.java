package dev.outboxrelay.settle;

import java.util.List;

/**
 * What a tenant may send next.
 *
 * @param rows in the order of {@code seq}; empty when there is nothing, or nothing that may go
 * @param held only with no rows: the tenant has a dead letter and the policy "hold", so whatever is or gets parked
 *     behind it waits until somebody has decided about it
 */
public record Fetched(List<BacklogRow> rows, boolean held) {}
