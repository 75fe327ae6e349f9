package dev.outboxrelay.admin;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What {@code /api/status} answers: this instance, its two ends, the slot, and every tenant, the one that suffers most
 * first.
 *
 * <p>In JSON the names are those of the record components in snake_case, as in the metrics and the tables; instants are
 * RFC 3339 in UTC, enum constants lower-case words, what is not known is null and never left out. Names are only ever
 * added.
 *
 * <p>Pure and immutable.
 *
 * @param instance names this process
 * @param leader who leads, as far as this instance knows; null if it does not
 * @param policyProblems rows of the policy tables that cannot be used, and why: the last good ones count
 */
public record RelayStatus(
        String version,
        Role role,
        Instant roleSince,
        String instance,
        @Nullable Leader leader,
        SlotStatus slot,
        Connection source,
        Connection nats,
        Totals totals,
        LagStatus lag,
        Map<String, String> policyProblems,
        List<TenantStatus> tenants) {

    /**
     * Who leads.
     *
     * @param instance host and process id, as in {@code outbox.leader}
     */
    public record Leader(String instance, Instant since) {}

    public RelayStatus {
        Objects.requireNonNull(version, "version");
        Objects.requireNonNull(role, "role");
        Objects.requireNonNull(roleSince, "roleSince");
        Objects.requireNonNull(instance, "instance");
        Objects.requireNonNull(slot, "slot");
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(nats, "nats");
        Objects.requireNonNull(totals, "totals");
        Objects.requireNonNull(lag, "lag");
        policyProblems = Collections.unmodifiableMap(new TreeMap<>(policyProblems));
        tenants = tenants.stream().sorted(TenantStatus.WORST_FIRST).toList();
    }
}
