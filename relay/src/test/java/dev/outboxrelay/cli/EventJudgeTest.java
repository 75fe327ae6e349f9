package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.dlq.OutboxRow;
import dev.outboxrelay.dlq.SlotAt;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.streams.EventSearch;
import dev.outboxrelay.streams.StreamKeeps;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is said of an event where real servers would be slow to bring it about. */
final class EventJudgeTest {

    private static final Instant NOW = Instant.parse("2026-11-27T06:00:00Z");
    private static final OutboxRow PENDING = new OutboxRow("acme", "a.b", null, "pending", NOW, null);
    private static final OutboxRow PUBLISHED = new OutboxRow("acme", "a.b", null, "published", NOW, NOW);
    private static final StreamKeeps KEEPS =
            new StreamKeeps(NOW, NOW, false, 10, Duration.ofDays(7), Duration.ofMinutes(2));
    private static final SlotAt PASSED = new SlotAt(true, true, true, false, 1_000);

    @SuppressWarnings("NullAway") // it does not see in a class file that a nested type may be null
    private static Whereabouts judge(
            @Nullable OutboxRow row, SlotAt slot, EventSearch.@Nullable Result stream, boolean marked) {
        return EventJudge.judge(new EventFacts(
                new EventId("1"),
                "outbox_relay",
                "acme",
                "TENANT_ACME",
                row,
                List.of(),
                slot,
                stream,
                stream == null ? "NATS is away" : null,
                null,
                null,
                marked,
                false));
    }

    private static EventSearch.Result absent(boolean bounded) {
        return new EventSearch.Result.Absent(7, bounded, KEEPS);
    }

    @Test
    void without_a_slot_or_with_one_that_lost_its_wal_the_relay_never_reads_it() {
        assertThat(judge(PENDING, new SlotAt(false, false, false, false, 0), absent(false), true))
                .returns(Whereabouts.Place.MISSED, Whereabouts::place)
                .satisfies(where -> assertThat(where.text()).contains("there is no slot outbox_relay"));
        assertThat(judge(PENDING, new SlotAt(true, false, false, true, 0), absent(false), true))
                .returns(Whereabouts.Place.MISSED, Whereabouts::place)
                .satisfies(where -> assertThat(where.text()).contains("has lost WAL"));
    }

    @Test
    void in_settle_mode_keep_a_pending_row_behind_the_slot_was_published() {
        assertThat(judge(PENDING, PASSED, absent(false), false).place()).isEqualTo(Whereabouts.Place.LOST);
        assertThat(judge(PENDING, PASSED, absent(false), true).place()).isEqualTo(Whereabouts.Place.MISSED);
    }

    @Test
    void what_could_not_be_looked_at_is_not_called_lost() {
        assertThat(judge(PUBLISHED, PASSED, null, true))
                .returns(Whereabouts.Place.UNCERTAIN, Whereabouts::place)
                .satisfies(where -> assertThat(where.text()).contains("its stream was not looked at: NATS is away"));
        assertThat(judge(PUBLISHED, PASSED, absent(true), true).place()).isEqualTo(Whereabouts.Place.UNCERTAIN);
        assertThat(judge(null, PASSED, absent(true), true).place()).isEqualTo(Whereabouts.Place.UNCERTAIN);
        assertThat(judge(null, PASSED, null, true).place()).isEqualTo(Whereabouts.Place.UNKNOWN);
    }

    @Test
    void limits_take_away_what_is_old_and_what_a_full_stream_has_no_room_for() {
        Instant now = NOW.plus(Duration.ofDays(30));
        Instant first = now.minus(Duration.ofDays(2));
        StreamKeeps full = new StreamKeeps(
                NOW.plus(Duration.ofDays(20)), first, true, 0, Duration.ofDays(7), Duration.ofMinutes(2));
        StreamLimits limits = StreamLimits.of(full, Duration.ZERO, now);

        assertThat(limits.wouldBeGone(now.minus(Duration.ofDays(8))))
                .as("too old")
                .isTrue();
        assertThat(limits.wouldBeGone(now.minus(Duration.ofDays(3))))
                .as("before the first message of a full stream")
                .isTrue();
        assertThat(limits.wouldBeGone(first.plusSeconds(90))).as("behind it").isFalse();

        StreamKeeps anew =
                new StreamKeeps(now.minus(Duration.ofDays(1)), now, true, 0, Duration.ofDays(7), Duration.ofMinutes(2));
        assertThat(StreamLimits.of(anew, Duration.ZERO, now).wouldBeGone(now.minus(Duration.ofDays(3))))
                .as("published to a stream before this one")
                .isFalse();
        assertThat(StreamLimits.of(null, Duration.ofDays(7), now).wouldBeGone(now.minus(Duration.ofDays(8))))
                .as("no stream: as its policy would have it")
                .isTrue();
    }
}
