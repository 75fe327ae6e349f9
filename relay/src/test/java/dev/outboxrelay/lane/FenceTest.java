package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Position;
import dev.outboxrelay.event.SlotIdentity;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class FenceTest {

    private static final SlotIdentity SLOT = new SlotIdentity(1, 1, "outbox_relay");
    private static final EventId X = new EventId("x");

    private static Position after(SlotIdentity slot, long after) {
        return new Position(1, slot, new Lsn(200), new Lsn(after), 0, X);
    }

    private static Fence confirmed(long lsn) {
        return new Fence(1, SLOT, new Lsn(lsn), true);
    }

    @Test
    void an_event_that_was_not_confirmed_comes_again() {
        assertThat(confirmed(100).decide(after(SLOT, 100), false)).isEqualTo(new Fence.Decision.SkipThrough(X));
        assertThat(confirmed(99).decide(after(SLOT, 100), false)).isEqualTo(new Fence.Decision.SkipThrough(X));
    }

    @Test
    void an_event_that_was_confirmed_does_not_come_again() {
        assertThat(confirmed(101).decide(after(SLOT, 100), false)).isInstanceOf(Fence.Decision.NothingComesAgain.class);
    }

    @Test
    void nothing_is_skipped_when_an_event_may_be_missing_before_it() {
        assertThat(confirmed(100).decide(after(SLOT, 100), true)).isInstanceOf(Fence.Decision.Unusable.class);
        assertThat(confirmed(101).decide(after(SLOT, 100), true)).isInstanceOf(Fence.Decision.NothingComesAgain.class);
    }

    @Test
    void another_history_says_nothing() {
        for (SlotIdentity other : new SlotIdentity[] {
            new SlotIdentity(2, 1, "outbox_relay"),
            new SlotIdentity(1, 2, "outbox_relay"),
            new SlotIdentity(1, 1, "another")
        }) {
            assertThat(confirmed(0).decide(after(other, 100), false)).isInstanceOf(Fence.Decision.Unusable.class);
        }
    }

    @Test
    void an_earlier_timeline_is_our_history_up_to_where_it_was_left() {
        Fence promoted =
                new Fence(1, new SlotIdentity(1, 3, "outbox_relay"), new Lsn(100), Map.of(1, new Lsn(250)), true);

        assertThat(promoted.decide(after(SLOT, 150), false)).isEqualTo(new Fence.Decision.SkipThrough(X));
        assertThat(promoted.decide(after(SLOT, 90), false)).isInstanceOf(Fence.Decision.NothingComesAgain.class);
        assertThat(promoted.decide(after(SLOT, 251), false))
                .as("committed on the old primary after the standby had left it")
                .isInstanceOf(Fence.Decision.Unusable.class);
        assertThat(promoted.decide(after(new SlotIdentity(1, 2, "outbox_relay"), 150), false))
                .as("not an ancestor")
                .isInstanceOf(Fence.Decision.Unusable.class);
    }

    @Test
    void only_a_greater_term_of_the_same_slot_tells_of_a_later_leader() {
        Fence late = new Fence(0, SLOT, new Lsn(100), true);

        assertThat(late.isOutrankedBy(after(SLOT, 1))).isTrue();
        assertThat(late.isOutrankedBy(after(new SlotIdentity(1, 2, "outbox_relay"), 1)))
                .isTrue();
        assertThat(late.isOutrankedBy(after(new SlotIdentity(2, 1, "outbox_relay"), 1)))
                .isFalse();
        assertThat(late.isOutrankedBy(after(new SlotIdentity(1, 1, "another"), 1)))
                .isFalse();
        assertThat(confirmed(100).isOutrankedBy(after(SLOT, 1))).isFalse();
    }

    @Test
    void a_fence_that_proved_wrong_is_not_asked() {
        assertThat(new Fence(1, SLOT, new Lsn(0), false).decide(after(SLOT, 100), false))
                .isInstanceOf(Fence.Decision.Unusable.class);
    }
}
