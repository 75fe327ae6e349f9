package dev.outboxrelay.cli;

import dev.outboxrelay.rule.SubjectPattern;
import java.time.Instant;

/**
 * What an operator wants published again, and how.
 *
 * @param from rows inserted then or later
 * @param to rows inserted before
 * @param subject of what lies below the tenant's prefix
 * @param rules what holds for the tenant
 * @param dryRun counts only
 * @param alsoExpired also what the stream's limits would have dropped by now
 * @param rate most events a second; 0 for any number
 * @param follow waits until all are published or dead
 */
record RepublishWish(
        Instant from,
        Instant to,
        SubjectPattern subject,
        TenantRules rules,
        boolean dryRun,
        boolean alsoExpired,
        int rate,
        boolean follow) {}
