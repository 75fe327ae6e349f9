package dev.outboxrelay.demo;

import java.util.random.RandomGenerator;

/**
 * What one transaction of the sample application will do. Pure.
 *
 * @param kept events that stay if it commits
 * @param undone events written behind a savepoint and taken back before the end
 * @param commits whether it commits; otherwise all of it is rolled back
 */
record OrderPlan(SampleTenant tenant, int kept, int undone, boolean commits) {

    private static final int LARGE_LEAST = 2_000;
    private static final int LARGE_MOST = 5_000;

    /** An everyday order: a few events, one in twelve rolled back, one in ten with a savepoint that is rolled back. */
    static OrderPlan ordinary(RandomGenerator random) {
        int undone = random.nextInt(10) == 0 ? random.nextInt(1, 4) : 0;
        return new OrderPlan(SampleTenant.pick(random), random.nextInt(2, 8), undone, random.nextInt(12) != 0);
    }

    /** An import: thousands of events of one tenant in one transaction, one in six rolled back. */
    static OrderPlan large(RandomGenerator random) {
        int events = random.nextInt(LARGE_LEAST, LARGE_MOST + 1);
        return new OrderPlan(SampleTenant.pick(random), events, 0, random.nextInt(6) != 0);
    }

    int events() {
        return kept + undone;
    }

    boolean isLarge() {
        return kept >= LARGE_LEAST;
    }
}
