package dev.outboxrelay.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.lane.Failure.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** When events go out together, and what it means when they do not get through. */
final class BatchesTest {

    private static final Batching LIMITS = new Batching(16, 250, 1 << 20, 500);

    private final Batches batches = new Batches();

    BatchesTest() {
        batches.streamTakes(true);
    }

    @Test
    void much_goes_together_and_little_by_itself() {
        assertThat(batches.next(LIMITS, 15, 0, 500)).isZero();
        assertThat(batches.next(LIMITS, 16, 0, 500)).isEqualTo(16);
        assertThat(batches.next(LIMITS, 10_000, 0, 500)).isEqualTo(250);
        assertThat(batches.next(LIMITS, 10_000, 250, 500)).isEqualTo(250);
    }

    @Test
    void behind_much_that_is_not_answered_only_a_whole_batch_goes() {
        assertThat(batches.next(LIMITS, 10_000, 251, 500)).isEqualTo(Batches.WAIT);
        assertThat(batches.next(LIMITS, 249, 16, 500)).isEqualTo(Batches.WAIT);
        assertThat(batches.next(LIMITS, 1, 16, 500)).isEqualTo(Batches.WAIT);
        assertThat(batches.next(LIMITS, 249, 15, 500)).isEqualTo(249);
        assertThat(batches.next(LIMITS, 1, 15, 500)).isZero();
    }

    @Test
    void a_narrow_window_or_a_stream_that_takes_none_means_one_by_one() {
        assertThat(batches.next(LIMITS, 10_000, 0, 31)).isZero();
        assertThat(batches.next(LIMITS, 10_000, 0, 1)).isZero();
        assertThat(batches.next(Batching.NONE, 10_000, 0, 500)).isZero();
        batches.streamTakes(false);
        assertThat(batches.next(LIMITS, 10_000, 0, 500)).isZero();
    }

    @Test
    void after_a_batch_that_did_not_get_through_events_go_by_themselves_for_a_while_and_longer_each_time() {
        for (int expected : List.of(500, 1_000, 2_000)) {
            batches.failed(Failure.doubt("timeout", "no answer"), LIMITS);
            for (int i = 0; i < expected; i++) {
                assertThat(batches.next(LIMITS, 10_000, 0, 500)).isZero();
                batches.sentAlone();
            }
            assertThat(batches.next(LIMITS, 10_000, 0, 500)).isEqualTo(250);
        }
        batches.stored();
        batches.failed(Failure.doubt("timeout", "no answer"), LIMITS);
        IntStream.range(0, 500).forEach(i -> batches.sentAlone());
        assertThat(batches.next(LIMITS, 10_000, 0, 500)).isEqualTo(250);
    }

    @Test
    void behind_a_gap_every_batch_is_refused_and_none_is_to_blame() {
        Failure fenced = new Failure(Kind.FENCED, "10071", "wrong last sequence");

        assertThat(batches.failed(fenced, LIMITS)).isEqualTo(fenced);
        assertThat(batches.next(LIMITS, 10_000, 0, 500)).isEqualTo(250);
    }

    /**
     * Of many events nobody knows which one was meant: none becomes a dead letter for it, and none has an attempt less.
     */
    @Test
    void what_a_refusal_says_is_no_word_about_any_of_its_events() {
        Map<Kind, Kind> meanings = Map.of(
                Kind.POISON, Kind.DOUBT,
                Kind.UNEXPLAINED, Kind.DOUBT,
                Kind.TENANT_TROUBLE, Kind.DOUBT,
                Kind.NAME_CONFLICT, Kind.DOUBT,
                Kind.DOUBT, Kind.DOUBT,
                Kind.TRANSIENT, Kind.TRANSIENT,
                Kind.FENCED, Kind.FENCED);

        for (Kind kind : Kind.values()) {
            assertThat(batches.failed(new Failure(kind, "x", "x"), LIMITS).kind())
                    .as("%s", kind)
                    .isEqualTo(meanings.get(kind));
        }
    }

    @Test
    void an_answer_that_does_not_fit_is_doubt_and_its_events_go_out_by_themselves() {
        RecordingOutput out = new RecordingOutput();
        Lane lane = lane(out);
        lane.batchStored(out.round, out.sent.get(0), 7, 3, 0);

        assertThat(out.settled).isEmpty();
        assertThat(lane.snapshot().phase()).isEqualTo(Phase.ATTACHING);
        lane.attached(out.round, StreamTail.of(0, new StreamTail.End.Empty()), 0);
        assertThat(out.published).hasSize(4);
        assertThat(out.sent).hasSize(1);
    }

    @Test
    void an_answer_that_fits_settles_every_event_of_the_batch_in_order() {
        RecordingOutput out = new RecordingOutput();
        Lane lane = lane(out);
        lane.batchStored(out.round, out.sent.get(0), 4, 4, 0);

        assertThat(out.settled)
                .isEqualTo(out.sent.get(0).stream().map(Outgoing::item).toList());
        assertThat(lane.snapshot().lastSequence()).isEqualTo(4);
        assertThat(lane.inFlight()).isZero();
    }

    /** A lane that has sent a batch of four events and nothing else. */
    private static Lane lane(RecordingOutput out) {
        Lane lane = out.lane(
                Naming.STRICT,
                new RetryPolicy(Duration.ofMillis(10), Duration.ofMillis(10), 3),
                new Batching(2, 4, 1 << 20, 500));
        lane.streamTakesBatches(true);
        lane.connected(1 << 20, 0);
        lane.arrived(IntStream.range(0, 4).mapToObj(i -> Items.item("e" + i)).toList(), 0);
        lane.attached(out.round, StreamTail.of(0, new StreamTail.End.Empty()), 0);
        assertThat(out.sent).hasSize(1);
        assertThat(out.published).isEmpty();
        return lane;
    }
}
