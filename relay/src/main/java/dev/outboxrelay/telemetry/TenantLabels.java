package dev.outboxrelay.telemetry;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Bounds the values of the label {@code tenant}: the first tenants seen are labelled with their own id, all later ones
 * share {@link #OTHERS}.
 *
 * <p>A tenant keeps its label for the life of this object, so a series never changes its meaning. Neither reserved
 * value can be a tenant id, since parentheses are outside {@code [A-Za-z0-9_-]} and outside encoded names
 * ({@code =hh}); should a caller pass one all the same, it is counted among the others.
 *
 * <p>Thread-safe. Costs a map lookup: ask once per tenant, not once per event.
 */
final class TenantLabels {

    /** The label that all tenants beyond the bound share. */
    static final String OTHERS = "(others)";

    /** The label for rows whose tenant id breaks the rule; such an id is never shown, it may be anything. */
    static final String INVALID = "(invalid)";

    /** So many tenants among the others are told apart when they are counted. */
    private static final int MOST_OTHERS = 1_000_000;

    private final int max;
    private final Set<String> own = ConcurrentHashMap.newKeySet();
    private final Set<String> others = ConcurrentHashMap.newKeySet();

    /**
     * Allows {@code max} tenants a label of their own; 0 puts every tenant among the others.
     *
     * @throws IllegalArgumentException if {@code max} is negative
     */
    TenantLabels(int max) {
        if (max < 0) {
            throw new IllegalArgumentException("the number of tenant labels must be 0 or more, but is " + max
                    + ": set outbox.admin.max-tenant-labels");
        }
        this.max = max;
    }

    /** Returns the label for this tenant: its own id or {@link #OTHERS}. */
    String labelOf(String tenant) {
        if (own.contains(tenant)) {
            return tenant;
        }
        if (claim(tenant)) {
            return tenant;
        }
        if (others.size() < MOST_OTHERS && !tenant.equals(OTHERS) && !tenant.equals(INVALID)) {
            others.add(tenant);
        }
        return OTHERS;
    }

    /** How many tenants share the row of the others. */
    int others() {
        return others.size();
    }

    private synchronized boolean claim(String tenant) {
        if (tenant.equals(OTHERS) || tenant.equals(INVALID)) {
            return false;
        }
        if (own.contains(tenant)) {
            return true;
        }
        return own.size() < max && own.add(tenant);
    }
}
