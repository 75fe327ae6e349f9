package dev.outboxrelay.lab.torture;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The tenants of a run, of very unequal size. Some come late: a stream is made while things break.
 *
 * @param names those with streams, the biggest first
 */
record Tenants(List<String> names) {

    /** Owns the stream that {@link #CONFLICTING} would have. */
    static final String OWNER = "Camel-Case";

    static final String CONFLICTING = "camel-case";

    /** Has a stream of its own making that takes small messages only. */
    static final String LIMITED = "limited";

    private static final List<String> ODD = List.of(
            "__-Oddly-NAMED-0_", "a", "-", "_", "0", "tenant", "TENANT_x", "x".repeat(64), "NUL", "Z-9", "__proto__");

    /** Rows that must be written before this one's first, by its place. */
    private static final int APART = 120;

    static Tenants of(int count) {
        List<String> names = new ArrayList<>(List.of("big", OWNER, LIMITED));
        for (int i = 0; names.size() < count; i++) {
            names.add(i % 2 == 0 && i / 2 < ODD.size() ? ODD.get(i / 2) : "t-" + i);
        }
        return new Tenants(List.copyOf(names));
    }

    /**
     * One of those that have come by now: the first has a third of all rows, the next a third of the rest, and so on.
     */
    String draw(SplittableRandom random, long rowsSoFar) {
        int there = (int) Math.min(names.size(), 6 + rowsSoFar / APART);
        for (int i = 0; i < there; i++) {
            if (random.nextInt(100) < 22) {
                return names.get(i);
            }
        }
        return names.get(random.nextInt(there));
    }
}
