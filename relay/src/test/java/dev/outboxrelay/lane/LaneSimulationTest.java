package dev.outboxrelay.lane;

import dev.outboxrelay.lane.Step.Kind;
import org.junit.jupiter.api.Test;

final class LaneSimulationTest {

    private static final int COUNT = Integer.getInteger("simulation.count", 20_000);

    @Test
    void faults_of_the_network_lose_double_and_reorder_nothing() {
        Tally tally = new Schedules(1, Rules.Broken.NOTHING).withNetworkFaults().run(0, COUNT);
        System.out.println(tally);
    }

    @Test
    void crashes() {
        Tally tally = new Schedules(2, Rules.Broken.NOTHING)
                .withNetworkFaults()
                .with(Kind.CRASH, 4)
                .with(Kind.POSTGRES_CRASH, 2)
                .run(0, COUNT);
        System.out.println(tally);
    }

    @Test
    void foreign() {
        Tally tally = new Schedules(1, Rules.Broken.NOTHING)
                .withNetworkFaults()
                .with(Kind.FOREIGN, 3)
                .run(0, COUNT);
        System.out.println(tally);
    }

    @Test
    void wiped() {
        Tally tally = new Schedules(1, Rules.Broken.NOTHING)
                .withNetworkFaults()
                .with(Kind.PURGE, 2)
                .with(Kind.DELETE, 1)
                .run(0, COUNT);
        System.out.println(tally);
    }
}
