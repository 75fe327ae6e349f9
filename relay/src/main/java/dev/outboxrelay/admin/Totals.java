package dev.outboxrelay.admin;

import java.util.Collection;
import java.util.function.ToLongFunction;

/** The sums over all tenants, dead letters of rows without a valid tenant included. */
public record Totals(long queued, long inFlight, long parked, long published, long duplicates, long deadLettered) {

    /**
     * Adds up.
     *
     * @param deadLetteredWithoutTenant dead letters that belong to none of the tenants, because their id breaks the
     *     rule
     */
    public static Totals of(Collection<TenantStatus> tenants, long deadLetteredWithoutTenant) {
        return new Totals(
                sum(tenants, TenantStatus::queued),
                sum(tenants, TenantStatus::inFlight),
                sum(tenants, TenantStatus::parked),
                sum(tenants, TenantStatus::published),
                sum(tenants, TenantStatus::duplicates),
                sum(tenants, TenantStatus::deadLettered) + deadLetteredWithoutTenant);
    }

    private static long sum(Collection<TenantStatus> tenants, ToLongFunction<TenantStatus> value) {
        return tenants.stream().mapToLong(value).sum();
    }
}
