package dev.outboxrelay.lab.torture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.lab.torture.Fault.Target;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class PlanTest {

    @Test
    void the_same_seed_gives_the_same_plan_and_another_seed_another() {
        assertThat(Plan.random(1, 50, false)).isEqualTo(Plan.random(1, 50, false));
        assertThat(Plan.random(1, 50, false)).isNotEqualTo(Plan.random(2, 50, false));
    }

    @Test
    void it_kills_as_often_as_it_was_asked_to() {
        assertThat(Plan.random(1, 200, false).kills()).isBetween(200, 201);
        assertThat(Plan.random(1, 200, true).kills()).isEqualTo(200);
    }

    @Test
    void a_relay_is_always_away_for_longer_than_the_duplicate_window() {
        for (long seed = 0; seed < 20; seed++) {
            assertThat(Plan.random(seed, 100, false).steps())
                    .flatExtracting(step -> step.relay().stream().toList())
                    .filteredOn(Fault.KillRelay.class::isInstance)
                    .extracting(fault -> ((Fault.KillRelay) fault).down())
                    .allMatch(down -> down.compareTo(Plan.DUPLICATE_WINDOW) > 0);
        }
    }

    @Test
    void a_long_plan_has_every_kind_of_fault() {
        Set<Class<?>> kinds = Plan.random(1, 200, false).steps().stream()
                .flatMap(step -> java.util.stream.Stream.concat(step.relay().stream(), step.server().stream()))
                .map(Object::getClass)
                .collect(Collectors.toSet());

        assertThat(kinds)
                .contains(
                        Fault.KillRelay.class,
                        Fault.FreezeRelay.class,
                        Fault.EndLeader.class,
                        Fault.KillPostgres.class,
                        Fault.FreezePostgres.class,
                        Fault.KillNats.class,
                        Fault.StopNats.class,
                        Fault.FreezeNats.class,
                        Fault.Link.class);
    }

    @Test
    void a_long_plan_has_every_kind_of_a_streams_fault_and_most_last_until_their_tenant_is_parked() {
        Plan plan = Plan.random(1, 200, false).withStreamFaults(1);

        assertThat(plan).isEqualTo(Plan.random(1, 200, false).withStreamFaults(1));
        assertThat(plan.withoutStreamFaults()).isEqualTo(Plan.random(1, 200, false));
        assertThat(plan.hasStreamFaults()).isTrue();
        assertThat(plan.withoutStreamFaults().hasStreamFaults()).isFalse();
        assertThat(plan.steps())
                .flatExtracting(step -> step.stream().stream().toList())
                .hasOnlyElementsOfTypes(
                        Fault.FillStream.class,
                        Fault.CrampStream.class,
                        Fault.CaptureSubjects.class,
                        Fault.LimitStream.class,
                        Fault.SealStream.class,
                        Fault.DeleteFullStream.class,
                        Fault.DeleteQuietStream.class)
                .hasAtLeastOneElementOfType(Fault.FillStream.class)
                .hasAtLeastOneElementOfType(Fault.CrampStream.class)
                .hasAtLeastOneElementOfType(Fault.CaptureSubjects.class)
                .hasAtLeastOneElementOfType(Fault.LimitStream.class)
                .hasAtLeastOneElementOfType(Fault.SealStream.class)
                .hasAtLeastOneElementOfType(Fault.DeleteFullStream.class)
                .hasAtLeastOneElementOfType(Fault.DeleteQuietStream.class);
        assertThat(plan.steps())
                .flatExtracting(step -> step.stream().stream().toList())
                .filteredOn(Fault.FillStream.class::isInstance)
                .extracting(fault -> ((Fault.FillStream) fault).length().compareTo(Plan.PARK_AFTER) > 0)
                .contains(true, false);
    }

    @Test
    void leaders_are_frozen_for_longer_and_for_shorter_than_their_lease() {
        Duration lease = Duration.ofSeconds(10);

        assertThat(Plan.random(1, 400, false).steps())
                .flatExtracting(step -> step.relay().stream().toList())
                .filteredOn(Fault.FreezeRelay.class::isInstance)
                .filteredOn(fault -> ((Fault.FreezeRelay) fault).target() == Target.LEADER)
                .extracting(fault -> ((Fault.FreezeRelay) fault).length().compareTo(lease) > 0)
                .contains(true, false);
    }

    @Test
    void with_one_relay_nobody_waits_for_a_second_one() {
        assertThat(Plan.random(1, 200, true).steps())
                .flatExtracting(step -> step.relay().stream().toList())
                .filteredOn(Fault.KillRelay.class::isInstance)
                .allMatch(fault -> ((Fault.KillRelay) fault).target() == Target.LEADER);
    }
}
