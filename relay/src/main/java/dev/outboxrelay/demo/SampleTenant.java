package dev.outboxrelay.demo;

import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;

/**
 * A tenant of the sample application.
 *
 * @param weight its share of all orders, relative to the others
 */
record SampleTenant(String id, int weight) {

    static final List<SampleTenant> ALL = List.of(
            new SampleTenant("acme", 50),
            new SampleTenant("globex-eu", 26),
            new SampleTenant("initech_7", 14),
            new SampleTenant("umbrella", 8),
            new SampleTenant("tiny", 2));

    /** The name of its stream, by the rule for stream names. */
    String stream() {
        return "TENANT_" + id.toUpperCase(Locale.ROOT);
    }

    /** One of them, the heavy ones more often. */
    static SampleTenant pick(RandomGenerator random) {
        int left = random.nextInt(ALL.stream().mapToInt(SampleTenant::weight).sum());
        for (SampleTenant tenant : ALL) {
            left -= tenant.weight;
            if (left < 0) {
                return tenant;
            }
        }
        throw new AssertionError("weights");
    }
}
