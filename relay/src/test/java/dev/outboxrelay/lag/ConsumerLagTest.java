package dev.outboxrelay.lag;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is said of a consumer, from the figures of two looks. */
final class ConsumerLagTest {

    private static final long BEGIN = 1_000_000;

    @Test
    void of_a_consumer_that_keeps_up_nothing_is_said() {
        ConsumerLag first =
                look(null, stream(1, 100), new Figures().delivered(100, 100).floor(100), 0);
        ConsumerLag second =
                look(first, stream(1, 200), new Figures().delivered(200, 200).floor(200), 5);

        assertThat(second.findings()).isEmpty();
        assertThat(second.ratePerSecond()).isEqualTo(20);
    }

    @Test
    void stalled_is_who_is_at_its_bound_and_acknowledges_nothing_between_two_looks() {
        Figures atBound =
                new Figures().delivered(500, 500).pending(1_500).ackPending(500).waiting(1);
        ConsumerLag first = look(null, stream(1, 2_000), atBound, 0);
        ConsumerLag second = look(first, stream(1, 2_000), atBound, 5);
        ConsumerLag busy = look(
                first,
                stream(1, 2_000),
                new Figures()
                        .delivered(600, 600)
                        .floor(100)
                        .pending(1_400)
                        .ackPending(500)
                        .waiting(1),
                5);

        assertThat(first.findings()).isEmpty();
        assertThat(texts(second))
                .containsExactly("stalled: 500 messages are delivered and not acknowledged, which is its bound, and no"
                        + " acknowledgement came for 5 s");
        assertThat(busy.findings()).isEmpty();
    }

    @Test
    void absent_is_for_whom_messages_wait_while_nobody_asks_and_none_is_delivered() {
        Figures nobody = new Figures().pending(2_000);
        ConsumerLag first = look(null, stream(1, 2_000), nobody, 0);
        ConsumerLag second = look(first, stream(1, 2_000), nobody, 5);
        ConsumerLag fetching = look(
                first,
                stream(1, 2_000),
                new Figures().delivered(10, 10).floor(10).pending(1_990),
                5);

        assertThat(first.findings()).isEmpty();
        assertThat(texts(second)).containsExactly("nobody pulls: 2,000 messages wait, none delivered for 5 s");
        assertThat(fetching.findings()).isEmpty();
    }

    @Test
    void losing_is_whose_messages_left_the_stream_before_it_was_given_them() {
        ConsumerLag first = look(
                null,
                stream(1, 1_000),
                new Figures().delivered(100, 100).floor(100).pending(900),
                0);
        ConsumerLag second = look(
                first,
                stream(301, 1_300),
                new Figures().delivered(100, 100).floor(100).pending(1_000),
                5);
        ConsumerLag third = look(
                second,
                stream(301, 1_300),
                new Figures().delivered(1_300, 1_100).floor(1_300),
                10);
        ConsumerLag later = look(
                third, stream(301, 1_300), new Figures().delivered(1_300, 1_100).floor(1_300), 11 * 60);

        assertThat(second.lost()).isEqualTo(200);
        assertThat(texts(second).get(0))
                .isEqualTo("200 messages left the stream before it was given them, the last just now");
        assertThat(third.lost()).isEqualTo(200);
        assertThat(texts(third))
                .containsExactly("200 messages left the stream before it was given them, the last 5 s ago");
        assertThat(later.findings()).isEmpty();
        assertThat(later.lost()).isEqualTo(200);
    }

    @Test
    void a_purge_loses_what_waited() {
        ConsumerLag first = look(
                null, stream(1, 100), new Figures().delivered(40, 40).floor(40).pending(60), 0);
        ConsumerLag second = look(
                first,
                new StreamFigures("TENANT_ACME", "acme", "tenant.acme.>", 101, 100, 0, 1, StreamFill.NONE, List.of()),
                new Figures().delivered(40, 40).floor(40),
                5);

        assertThat(second.lost()).isEqualTo(60);
    }

    @Test
    void a_stalled_consumer_whose_unacknowledged_messages_are_gone_is_told_so() {
        Figures atBound =
                new Figures().delivered(500, 500).pending(500).ackPending(500).waiting(1);
        ConsumerLag first = look(null, stream(1, 1_000), atBound, 0);
        ConsumerLag second = look(first, stream(201, 1_000), atBound, 5);

        assertThat(second.lost()).isZero();
        assertThat(texts(second).get(0)).endsWith("; up to 200 of them have left the stream meanwhile");
    }

    @Test
    void a_consumer_that_reads_a_part_of_the_stream_loses_only_what_waited_for_it() {
        Figures rare =
                new Figures().filter("tenant.acme.rare.>").delivered(100, 7).floor(100);
        ConsumerLag first = look(null, stream(1, 1_000), rare, 0);
        ConsumerLag second = look(first, stream(501, 1_500), rare, 5);
        ConsumerLag third = look(
                second,
                stream(501, 1_501),
                new Figures()
                        .filter("tenant.acme.rare.>")
                        .delivered(100, 7)
                        .floor(100)
                        .pending(1),
                10);
        ConsumerLag lost = look(
                third,
                stream(1_502, 2_501),
                new Figures().filter("tenant.acme.rare.>").delivered(100, 7).floor(100),
                15);

        assertThat(second.findings()).isEmpty();
        assertThat(third.lost()).isZero();
        assertThat(lost.lost()).isEqualTo(1);
        assertThat(texts(lost).get(0))
                .isEqualTo("at least 1 message left the stream before it was given them, the last just now");
    }

    @Test
    void a_consumer_or_a_stream_that_was_made_anew_begins_anew() {
        ConsumerLag first = look(
                null,
                stream(1, 1_000),
                new Figures().delivered(900, 900).floor(900).pending(100),
                0);
        ConsumerLag anew =
                look(first, stream(1, 1_000), new Figures().created(1).pending(1_000), 5);
        ConsumerLag newStream =
                look(first, stream(1, 10), new Figures().created(2).pending(10), 5);

        assertThat(anew.lost()).isZero();
        assertThat(anew.findings()).isEmpty();
        assertThat(newStream.lost()).isZero();
        assertThat(look(newStream, stream(6, 20), new Figures().created(2).pending(15), 10)
                        .lost())
                .isEqualTo(5);
    }

    @Test
    void the_worst_comes_first_and_all_of_it_is_said() {
        Figures bad =
                new Figures().delivered(500, 520).pending(500).ackPending(500).redelivered(20);
        GivenUp givenUp = new GivenUp(3, 1, BEGIN + 1_000);
        ConsumerLag first = ConsumerLag.of(null, stream(1, 1_000), bad.build(), givenUp, BEGIN);
        ConsumerLag second = ConsumerLag.of(first, stream(601, 1_100), bad.build(), givenUp, BEGIN + 61_000);

        assertThat(second.findings())
                .extracting(Finding::kind)
                .containsExactly(
                        Finding.Kind.LOSING,
                        Finding.Kind.STALLED,
                        Finding.Kind.ABSENT,
                        Finding.Kind.GAVE_UP,
                        Finding.Kind.REDELIVERING,
                        Finding.Kind.BEHIND);
        assertThat(texts(second))
                .contains(
                        "3 messages given up after -1 deliveries, 1 message refused for good by the application, the"
                                + " last 1 min 0 s ago",
                        "20 messages delivered more than once and not acknowledged yet",
                        "behind for 1 min 1 s: 500 messages waiting, 0 a second delivered");
    }

    private static List<String> texts(ConsumerLag lag) {
        return lag.findings().stream().map(Finding::text).toList();
    }

    private static ConsumerLag look(@Nullable ConsumerLag before, StreamFigures stream, Figures now, long second) {
        return ConsumerLag.of(before, stream, now.build(), GivenUp.NONE, BEGIN + 1_000 * second);
    }

    private static StreamFigures stream(long first, long last) {
        return new StreamFigures(
                "TENANT_ACME", "acme", "tenant.acme.>", first, last, last - first + 1, 1, StreamFill.NONE, List.of());
    }
}
