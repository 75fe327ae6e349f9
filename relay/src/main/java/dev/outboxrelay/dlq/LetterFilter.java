package dev.outboxrelay.dlq;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.RowRef;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which letters are meant: those that fit everything that is given.
 *
 * @param slot the replication slot they came through
 * @param kind what kind of letters; null: any
 * @param tenant exactly this tenant
 * @param source exactly this outbox table
 * @param olderThan the age at least: since it died, or for a parked one since its commit
 * @param newerThan the age at most
 * @param seqs one of these numbers, or else
 * @param eventIds one of these events; both empty: any
 */
public record LetterFilter(
        String slot,
        @Nullable Kind kind,
        @Nullable String tenant,
        @Nullable Reason reason,
        @Nullable String source,
        @Nullable Duration olderThan,
        @Nullable Duration newerThan,
        Set<Long> seqs,
        Set<String> eventIds) {

    /** The same of one kind. */
    LetterFilter of(Kind only) {
        return new LetterFilter(slot, only, tenant, reason, source, olderThan, newerThan, seqs, eventIds);
    }

    /** The same of another slot. */
    LetterFilter at(String other) {
        return new LetterFilter(other, kind, tenant, reason, source, olderThan, newerThan, seqs, eventIds);
    }

    /** Whether anything is given beside the slot. */
    public boolean isNarrow() {
        return tenant != null
                || reason != null
                || source != null
                || olderThan != null
                || newerThan != null
                || !seqs.isEmpty()
                || !eventIds.isEmpty();
    }

    /** The condition on {@code outbox.dead_letter}. */
    Where where() {
        Where where = new Where().and("slot = ?", slot);
        if (kind != null) {
            where.and("kind = '" + kind.code() + "'"); // as the partial indexes say it
        }
        if (tenant != null) {
            where.and("tenant_id = ?", tenant);
            if (tenant.length() <= 64) { // so not longer than 256 bytes: says that the partial indexes have them all
                where.and("pg_catalog.octet_length(tenant_id) <= 256");
            }
        }
        if (reason != null) {
            where.and("reason = ?", reason.code());
        }
        if (source != null) {
            where.and("source = ?", source);
        }
        if (olderThan != null) {
            where.and("coalesce(dead_at, committed_at) <= pg_catalog.now() - " + interval(olderThan));
        }
        if (newerThan != null) {
            where.and("coalesce(dead_at, committed_at) >= pg_catalog.now() - " + interval(newerThan));
        }
        if (!seqs.isEmpty() || !eventIds.isEmpty()) {
            String[] ids = eventIds.toArray(String[]::new);
            where.and(
                    // events with slot and source, as the unique key has them
                    "(seq = ANY (?) OR (slot = ? AND source = ANY (?) AND event_id = ANY (?) AND kind = 'event')"
                            + " OR (slot = ? AND event_id = ANY (?) AND kind = 'consumer'))",
                    seqs.toArray(Long[]::new),
                    slot,
                    eventIds.stream().map(LetterFilter::source).distinct().toArray(String[]::new),
                    ids,
                    slot,
                    ids);
        }
        return where;
    }

    private static String source(String eventId) {
        return EventId.isValid(eventId)
                ? RowRef.of(new EventId(eventId)).table().toString()
                : "";
    }

    private static String interval(Duration age) {
        return "interval '" + age.toMillis() + " ms'";
    }
}
