package dev.outboxrelay.admin;

import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * What {@code /api/status} answers: this instance, its two ends, the slot, and every tenant, the one that suffers most
 * first.
 *
 * <p>In JSON the names are those of the record components in snake_case, as in the metrics and the tables; instants are
 * RFC 3339 in UTC, enum constants lower-case words, what is not known is null and never left out. Names are only ever
 * added.
 *
 * <p>Pure and immutable.
 */
public record RelayStatus(
        String version,
        Role role,
        Instant roleSince,
        SlotStatus slot,
        Connection source,
        Connection nats,
        Totals totals,
        List<TenantStatus> tenants) {

    public RelayStatus {
        Objects.requireNonNull(version, "version");
        Objects.requireNonNull(role, "role");
        Objects.requireNonNull(roleSince, "roleSince");
        Objects.requireNonNull(slot, "slot");
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(nats, "nats");
        Objects.requireNonNull(totals, "totals");
        tenants = tenants.stream().sorted(TenantStatus.WORST_FIRST).toList();
    }
}
