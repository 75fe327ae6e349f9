package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.lane.Resync.Finding;
import dev.outboxrelay.lane.Resync.Known;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Each row of the table in the ADR "order and fence". */
final class ResyncTest {

    private static final Known AT_FIVE = Known.of(new EventId("last"), 5);

    private final Item a = Items.item("a");
    private final Item b = Items.item("b");
    private final Item c = Items.item("c");
    private final List<Item> window = List.of(a, b, c);

    ResyncTest() {
        a.sent(5);
        b.sent(6);
        c.sent(7);
    }

    private static StreamTail own(String id, long sequence, long lastSequence, String... behind) {
        return new StreamTail(
                lastSequence,
                new StreamTail.End.Own(new EventId(id), sequence, Optional.empty(), false),
                Optional.empty(),
                ids(behind));
    }

    private static Set<EventId> ids(String... ids) {
        return Arrays.stream(ids).map(EventId::new).collect(Collectors.toSet());
    }

    @Test
    void the_last_message_is_in_the_window() {
        assertThat(Resync.compare(AT_FIVE, window, own("b", 7, 7, "a", "b")))
                .isEqualTo(new Finding.Stored(List.of(a, b)));
    }

    @Test
    void the_last_message_is_in_the_window_and_another_took_the_place_of_one_before_it() {
        assertThat(Resync.compare(AT_FIVE, window, own("b", 7, 7, "b"))).isEqualTo(new Finding.Stored(List.of(b)));
    }

    @Test
    void what_was_acknowledged_is_stored_although_it_is_gone() {
        a.acknowledge();

        assertThat(Resync.compare(AT_FIVE, window, own("b", 7, 7, "b"))).isEqualTo(new Finding.Stored(List.of(a, b)));
    }

    @Test
    void the_last_message_is_the_last_one_known() {
        assertThat(Resync.compare(AT_FIVE, window, own("last", 5, 5))).isEqualTo(new Finding.Stored(List.of()));
    }

    @Test
    void foreign_messages_lie_behind_the_last_one_known() {
        assertThat(Resync.compare(AT_FIVE, window, own("last", 5, 9))).isEqualTo(new Finding.Stored(List.of()));
    }

    @Test
    void the_last_message_is_ours_but_older_than_what_was_acknowledged() {
        assertThat(Resync.compare(AT_FIVE, window, own("older", 3, 3))).isInstanceOf(Finding.LostTail.class);
    }

    @Test
    void the_stream_is_empty_again() {
        StreamTail empty = StreamTail.of(0, new StreamTail.End.Empty());

        assertThat(Resync.compare(AT_FIVE, window, empty)).isInstanceOf(Finding.LostTail.class);
    }

    @Test
    void the_stream_is_empty_and_always_was() {
        StreamTail empty = StreamTail.of(0, new StreamTail.End.Empty());

        assertThat(Resync.compare(Known.NOTHING, List.of(), empty)).isEqualTo(new Finding.Stored(List.of()));
        assertThat(Resync.compare(Known.at(empty, null), window, empty)).isEqualTo(new Finding.Stored(List.of()));
    }

    @Test
    void the_last_message_is_ours_and_was_never_sent() {
        assertThat(Resync.compare(AT_FIVE, window, own("later", 8, 8))).isInstanceOf(Finding.MovedOn.class);
    }

    @Test
    void the_first_look_meets_one_of_ours() {
        assertThat(Resync.compare(Known.NOTHING, List.of(), own("x", 4, 4))).isInstanceOf(Finding.AskFence.class);
    }

    @Test
    void foreign_messages_hide_ours() {
        StreamTail foreign = StreamTail.of(2_000, new StreamTail.End.Foreign(1_000));

        assertThat(Resync.compare(AT_FIVE, window, foreign)).isInstanceOf(Finding.Foreign.class);
        assertThat(Resync.compare(Known.NOTHING, List.of(), foreign)).isInstanceOf(Finding.Foreign.class);
    }

    @Test
    void all_messages_are_gone_and_only_what_was_acknowledged_counts() {
        b.acknowledge();
        StreamTail gone = StreamTail.of(8, new StreamTail.End.Gone());

        assertThat(Resync.compare(AT_FIVE, window, gone)).isEqualTo(new Finding.Stored(List.of(b)));
    }

    @Test
    void all_messages_are_gone_and_the_stream_ends_too_early() {
        StreamTail gone = StreamTail.of(3, new StreamTail.End.Gone());

        assertThat(Resync.compare(AT_FIVE, window, gone)).isInstanceOf(Finding.LostTail.class);
    }

    @Test
    void all_messages_are_gone_at_the_first_look() {
        StreamTail gone = StreamTail.of(8, new StreamTail.End.Gone());

        assertThat(Resync.compare(Known.NOTHING, List.of(), gone)).isInstanceOf(Finding.NoFence.class);
    }
}
