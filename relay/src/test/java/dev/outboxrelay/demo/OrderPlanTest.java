package dev.outboxrelay.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class OrderPlanTest {

    private static final int MANY = 5_000;

    @Test
    void everyday_orders_are_small_and_some_are_rolled_back_whole_or_in_part() {
        List<OrderPlan> plans = many(OrderPlan::ordinary);

        assertThat(plans).noneMatch(OrderPlan::isLarge);
        assertThat(plans).filteredOn(plan -> !plan.commits()).hasSizeBetween(MANY / 20, MANY / 8);
        assertThat(plans).filteredOn(plan -> plan.undone() > 0).hasSizeBetween(MANY / 16, MANY / 6);
    }

    @Test
    void large_ones_have_two_to_five_thousand_events() {
        assertThat(many(OrderPlan::large))
                .allSatisfy(plan -> assertThat(plan.events()).isBetween(2_000, 5_000));
    }

    @Test
    void tenants_are_of_unequal_size_and_none_is_left_out() {
        var perTenant = many(OrderPlan::ordinary).stream()
                .collect(Collectors.groupingBy(plan -> plan.tenant().id(), Collectors.counting()));

        assertThat(perTenant).hasSize(SampleTenant.ALL.size());
        assertThat(perTenant.get("acme")).isGreaterThan(10 * perTenant.getOrDefault("tiny", 0L));
    }

    private static List<OrderPlan> many(Function<RandomGenerator, OrderPlan> plan) {
        SplittableRandom random = new SplittableRandom(4711);
        return Stream.generate(() -> plan.apply(random)).limit(MANY).toList();
    }
}
