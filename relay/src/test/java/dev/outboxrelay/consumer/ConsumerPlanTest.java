package dev.outboxrelay.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class ConsumerPlanTest {

    private static final String ALL = "tenant.acme.>";

    @Test
    void none_is_created() {
        ConsumerSpec spec = spec(null, 500, -1, List.of());

        assertThat(plan(spec, null)).isEqualTo(new ConsumerPlan.Create(spec));
    }

    @Test
    void one_that_is_as_it_should_be_is_left_alone_however_it_says_so() {
        assertThat(plan(spec(null, 500, -1, List.of()), actual(List.of(), 500, -1, List.of())))
                .isEqualTo(new ConsumerPlan.Nothing());
        assertThat(plan(spec(null, 500, -1, List.of()), actual(List.of(ALL), 500, 0, List.of())))
                .isEqualTo(new ConsumerPlan.Nothing());
        assertThat(plan(spec(ALL, 500, -1, List.of()), actual(List.of(">"), 500, -1, List.of())))
                .isEqualTo(new ConsumerPlan.Nothing());
        assertThat(plan(spec("tenant.acme.a.>", -1, 3, List.of()), actual(List.of("tenant.acme.a.>"), 0, 3, List.of())))
                .isEqualTo(new ConsumerPlan.Nothing());
    }

    @Test
    void the_first_pause_takes_the_ack_waits_place_on_the_server() {
        List<Duration> pauses = List.of(Duration.ofSeconds(1), Duration.ofMinutes(1));
        ConsumerActual actual =
                new ConsumerActual("billing", List.of(), Duration.ofSeconds(1), 500, -1, pauses, true, true, true);

        assertThat(plan(spec(null, 500, -1, pauses), actual)).isEqualTo(new ConsumerPlan.Nothing());
    }

    @Test
    void what_can_be_changed_in_place_is_told_in_words() {
        ConsumerPlan plan = plan(
                spec("tenant.acme.a.>", 100, 5, List.of(Duration.ofMillis(1500))),
                actual(List.of(), -1, -1, List.of()));

        assertThat(((ConsumerPlan.Update) plan).differences())
                .containsExactly(
                        "filter subject is everything and should be tenant.acme.a.>",
                        "ack wait is 30 s and should be 1500 ms",
                        "max ack pending is unlimited and should be 100",
                        "max deliver is unlimited and should be 5",
                        "backoff is none and should be 1500 ms");
    }

    @Test
    void what_nats_cannot_change_is_a_conflict_with_what_to_do_and_never_a_deletion() {
        ConsumerActual push = new ConsumerActual(
                "billing", List.of(), Duration.ofSeconds(30), 500, -1, List.of(), false, false, false);

        ConsumerPlan plan = plan(spec(null, 100, -1, List.of()), push);

        assertThat(((ConsumerPlan.Conflict) plan).text())
                .contains(
                        "it is a push consumer, but a pull consumer is asked for",
                        "its messages are not acknowledged one by one",
                        "nats consumer rm TENANT_ACME billing",
                        "reads the stream from its first message");
    }

    /** Carrying a plan out leaves nothing to do, whatever was there. */
    @Test
    void a_plan_that_was_carried_out_is_followed_by_nothing() {
        for (int seed = 0; seed < 2_000; seed++) {
            Random random = new Random(seed);
            ConsumerSpec spec = spec(
                    random.nextBoolean() ? null : "tenant.acme." + random.nextInt(2) + ".>",
                    random.nextBoolean() ? -1 : 1 + random.nextInt(3),
                    random.nextBoolean() ? -1 : 2 + random.nextInt(3),
                    random.nextBoolean() ? List.of() : List.of(Duration.ofSeconds(1 + random.nextInt(2))));
            ConsumerActual is = random.nextInt(10) == 0
                    ? null
                    : actual(
                            List.of(List.of(), List.of(ALL), List.of("tenant.acme.0.>"), List.of("x", "y"))
                                    .get(random.nextInt(4))
                                    .stream()
                                    .map(String::valueOf)
                                    .toList(),
                            random.nextInt(4) - 1,
                            random.nextInt(4) - 1,
                            List.of());

            ConsumerPlan plan = plan(spec, is);

            assertThat(plan).as("seed %d", seed).isNotInstanceOf(ConsumerPlan.Conflict.class);
            ConsumerActual then = plan instanceof ConsumerPlan.Nothing ? is : carriedOut(spec);
            assertThat(plan(spec, then)).as("seed %d", seed).isEqualTo(new ConsumerPlan.Nothing());
        }
    }

    private static ConsumerActual carriedOut(ConsumerSpec spec) {
        return new ConsumerActual(
                spec.name(),
                spec.filter() == null ? List.of() : List.of(spec.filter()),
                spec.effectiveAckWait(),
                spec.maxAckPending(),
                spec.maxDeliver(),
                spec.backoff(),
                true,
                true,
                true);
    }

    private static ConsumerPlan plan(ConsumerSpec spec, @Nullable ConsumerActual actual) {
        return ConsumerPlan.of("TENANT_ACME", ALL, spec, actual);
    }

    private static ConsumerSpec spec(
            @Nullable String filter, int maxAckPending, int maxDeliver, List<Duration> backoff) {
        return new ConsumerSpec(
                "billing", filter, Duration.ofSeconds(30), maxAckPending, maxDeliver, backoff, "a test");
    }

    private static ConsumerActual actual(
            List<String> filters, long maxAckPending, long maxDeliver, List<Duration> backoff) {
        return new ConsumerActual(
                "billing", filters, Duration.ofSeconds(30), maxAckPending, maxDeliver, backoff, true, true, true);
    }
}
