package dev.outboxrelay.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Compression;
import dev.outboxrelay.config.Discard;
import dev.outboxrelay.config.Provision;
import dev.outboxrelay.config.Storage;
import dev.outboxrelay.policy.StreamPlan.Act;
import java.time.Duration;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is done to a stream: never anything that costs messages unless the policy says so. */
final class StreamPlanTest {

    private static final StreamPolicy POLICY = policy(Duration.ofDays(7), 1_000, Storage.FILE);

    private static StreamPolicy policy(Duration maxAge, long maxMessages, Storage storage) {
        return new StreamPolicy(
                maxAge, maxMessages, -1, 1, Discard.OLD, storage, Compression.NONE, Duration.ofMinutes(1));
    }

    private static StreamShape stream(StreamPolicy shape, @Nullable String applied) {
        return new StreamShape(shape, null, applied, 500, 50_000, Duration.ofDays(2), false);
    }

    private static StreamPlan plan(StreamShape actual) {
        return StreamPlan.of(POLICY, Provision.MANAGE, actual, false, false);
    }

    @Test
    void a_missing_stream_is_made_by_who_manages_it_and_nobody_else() {
        assertThat(StreamPlan.of(POLICY, Provision.MANAGE, null, false, false).act())
                .isEqualTo(Act.CREATE);
        assertThat(StreamPlan.of(POLICY, Provision.VERIFY, null, false, false)
                        .conflicts()
                        .get(0))
                .contains("verify");
        assertThat(StreamPlan.of(POLICY, Provision.OFF, null, false, false).act())
                .isEqualTo(Act.CONFLICT);
    }

    @Test
    void one_that_fits_is_left_alone() {
        assertThat(plan(stream(POLICY, StreamPlan.mark(POLICY))).act()).isEqualTo(Act.NOTHING);
        assertThat(plan(stream(POLICY, null)).act()).isEqualTo(Act.NOTHING);
    }

    @Test
    void a_changed_policy_is_applied_even_where_it_takes_messages() {
        StreamPolicy before = policy(Duration.ofDays(30), 1_000_000, Storage.FILE);
        StreamPolicy after = policy(Duration.ofDays(1), 10, Storage.FILE);

        StreamPlan plan = StreamPlan.of(after, Provision.MANAGE, stream(before, StreamPlan.mark(before)), false, false);

        assertThat(plan.act()).isEqualTo(Act.UPDATE);
        assertThat(plan.target()).isEqualTo(after);
        assertThat(plan.drift()).isFalse();
        assertThat(plan.conflicts()).isEmpty();
    }

    @Test
    void what_somebody_else_changed_is_put_back_where_no_message_is_lost_by_it() {
        StreamPlan tightened = plan(stream(policy(Duration.ofDays(3), 1_000, Storage.FILE), StreamPlan.mark(POLICY)));
        assertThat(tightened.act()).isEqualTo(Act.UPDATE);
        assertThat(tightened.drift()).isTrue();
        assertThat(tightened.changes()).containsExactly("max_age is PT72H instead of PT168H");

        StreamPolicy longer = new StreamPolicy(
                Duration.ZERO, 1_000, -1, 1, Discard.NEW, Storage.FILE, Compression.NONE, Duration.ofMinutes(1));
        StreamShape old = new StreamShape(longer, null, StreamPlan.mark(POLICY), 500, 1, Duration.ofDays(20), false);
        StreamPlan loosened = plan(old);
        assertThat(loosened.act()).isEqualTo(Act.UPDATE);
        assertThat(loosened.target().maxAge()).as("stays").isEqualTo(Duration.ZERO);
        assertThat(loosened.target().discard()).isEqualTo(Discard.OLD);
        assertThat(loosened.conflicts().get(0)).contains("max_age is unlimited", "outbox.tenant again");

        StreamPlan asked = StreamPlan.of(POLICY, Provision.MANAGE, old, true, false);
        assertThat(asked.target()).isEqualTo(POLICY);
        assertThat(asked.conflicts()).isEmpty();
    }

    @Test
    void what_nats_cannot_change_is_a_conflict_with_a_hint() {
        StreamPolicy memory = policy(Duration.ofDays(7), 1_000, Storage.MEMORY);

        StreamPlan plan = plan(stream(memory, StreamPlan.mark(POLICY)));

        assertThat(plan.act()).isEqualTo(Act.CONFLICT);
        assertThat(plan.conflicts().get(0)).contains("storage is memory instead of file", "new stream by hand");
        assertThat(plan.target().storage()).isEqualTo(Storage.MEMORY);
    }

    @Test
    void somebody_elses_stream_is_compared_and_left_alone() {
        StreamPolicy other = policy(Duration.ofDays(3), 7, Storage.FILE);

        assertThat(plan(stream(other, null)).act()).isEqualTo(Act.CONFLICT);
        assertThat(plan(stream(other, null)).conflicts()).hasSize(2).allMatch(text -> text.contains("left alone"));
        StreamPlan verify =
                StreamPlan.of(POLICY, Provision.VERIFY, stream(other, StreamPlan.mark(POLICY)), true, false);
        assertThat(verify.act()).isEqualTo(Act.CONFLICT);
        assertThat(StreamPlan.of(POLICY, Provision.OFF, stream(other, null), false, false)
                        .act())
                .isEqualTo(Act.NOTHING);
    }

    @Test
    void a_stream_that_is_handed_over_gets_what_costs_no_message() {
        StreamPlan plan = plan(stream(policy(Duration.ofDays(30), 100_000, Storage.FILE), "adopt"));

        assertThat(plan.act()).isEqualTo(Act.UPDATE);
        assertThat(plan.target()).isEqualTo(POLICY);
        StreamPlan full = StreamPlan.of(
                policy(Duration.ofDays(1), 10, Storage.FILE),
                Provision.MANAGE,
                stream(policy(Duration.ofDays(30), 100_000, Storage.FILE), "adopt"),
                false,
                false);
        assertThat(full.conflicts()).hasSize(2);
        assertThat(full.target().maxMessages()).isEqualTo(100_000);
    }

    @Test
    void no_drift_ever_costs_a_message_and_what_is_done_is_done_once() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 50_000; i++) {
            StreamPolicy desired = any(random);
            StreamShape actual = new StreamShape(
                    any(random),
                    null,
                    random.nextInt(3) == 0 ? "adopt" : StreamPlan.mark(desired),
                    random.nextInt(20),
                    random.nextInt(20),
                    Duration.ofSeconds(random.nextInt(20)),
                    false);

            StreamPlan plan = StreamPlan.of(desired, Provision.MANAGE, actual, false, false);

            StreamPolicy target = plan.target();
            boolean keepsAge = target.maxAge().isZero()
                    || actual.messages() == 0
                    || actual.oldest().compareTo(target.maxAge()) <= 0
                    || target.maxAge().equals(actual.shape().maxAge());
            boolean keepsCount = target.maxMessages() < 0
                    || actual.messages() <= target.maxMessages()
                    || target.maxMessages() == actual.shape().maxMessages();
            assertThat(keepsAge && keepsCount).as("%s %s", desired, actual).isTrue();
            assertThat(target.storage()).isEqualTo(actual.shape().storage());
            if (plan.act() == Act.UPDATE) {
                StreamShape after = new StreamShape(
                        target,
                        null,
                        StreamPlan.mark(desired),
                        actual.messages(),
                        actual.bytes(),
                        actual.oldest(),
                        false);
                assertThat(StreamPlan.of(desired, Provision.MANAGE, after, false, false)
                                .act())
                        .as("%s %s", desired, actual)
                        .isIn(Act.NOTHING, Act.CONFLICT);
            }
        }
    }

    @Test
    void a_stream_is_set_up_for_batches_in_place_and_that_is_nobodys_drift() {
        StreamPlan plan = StreamPlan.of(POLICY, Provision.MANAGE, stream(POLICY, StreamPlan.mark(POLICY)), false, true);
        assertThat(plan.act()).isEqualTo(Act.UPDATE);
        assertThat(plan.batches()).isTrue();
        assertThat(plan.drift()).isFalse();
        assertThat(plan.target()).isEqualTo(POLICY);

        StreamPolicy changed = policy(Duration.ofDays(3), 1_000, Storage.FILE);
        assertThat(StreamPlan.of(POLICY, Provision.MANAGE, stream(changed, StreamPlan.mark(POLICY)), false, true)
                        .drift())
                .isTrue();
        assertThat(StreamPlan.of(POLICY, Provision.MANAGE, null, false, true).batches())
                .isTrue();
    }

    @Test
    void a_stream_that_takes_batches_or_is_somebody_elses_is_left_as_it_is() {
        StreamShape takes =
                new StreamShape(POLICY, null, StreamPlan.mark(POLICY), 500, 50_000, Duration.ofDays(2), true);
        assertThat(StreamPlan.of(POLICY, Provision.MANAGE, takes, false, true).act())
                .isEqualTo(Act.NOTHING);
        assertThat(StreamPlan.of(POLICY, Provision.MANAGE, takes, false, false).act())
                .isEqualTo(Act.NOTHING);
        for (Provision provision : Provision.values()) {
            StreamPlan plan = StreamPlan.of(POLICY, provision, stream(POLICY, null), false, true);
            assertThat(plan.act()).as("%s", provision).isEqualTo(Act.NOTHING);
            assertThat(plan.batches()).as("%s", provision).isFalse();
        }
    }

    private static StreamPolicy any(SplittableRandom random) {
        Duration age = Duration.ofSeconds(random.nextInt(20));
        return new StreamPolicy(
                age,
                random.nextInt(4) == 0 ? -1 : 1 + random.nextInt(20),
                random.nextInt(4) == 0 ? -1 : 1 + random.nextInt(20),
                1 + random.nextInt(3),
                random.nextBoolean() ? Discard.OLD : Discard.NEW,
                random.nextInt(4) > 0 ? Storage.FILE : Storage.MEMORY,
                random.nextBoolean() ? Compression.NONE : Compression.S2,
                Duration.ofMillis(age.isZero() ? 500 : 1 + random.nextInt((int) age.toMillis())));
    }
}
