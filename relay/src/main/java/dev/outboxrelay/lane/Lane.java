package dev.outboxrelay.lane;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Position;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.route.Envelope;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's way to its stream, as a state machine: inputs in, effects out, nothing else.
 *
 * <p>Order is strict with many events in flight: each message carries the sequence that the stream must end with, so
 * the server refuses everything behind a gap. On any failure or doubt the lane stops sending, waits for the answers
 * that are out, looks at the stream's end ({@link Resync}) and goes on with the first event that is not in it. A start
 * is the same act, with the {@link Fence} telling what to skip.
 *
 * <p>Nothing is sent behind a dead letter before that is committed, so whatever lies before the stream's last event is
 * in the stream or in the dead letters: this is what lets a later start skip it.
 *
 * <p>Not thread-safe: one thread at a time. Longer than most classes here because the states share one window; the
 * parts that can stand alone do ({@link Window}, {@link Resync}, {@link Fence}, {@link RetryPolicy}).
 */
public final class Lane {

    private final Address address;
    private final LaneLimits limits;
    private final Fence fence;
    private final RandomGenerator random;
    private final LaneOutput out;

    private final ArrayDeque<Item> waiting = new ArrayDeque<>();
    private final Window window = new Window();
    private Phase phase = Phase.OFFLINE;
    private long round;
    private Resync.Known known = Resync.Known.NOTHING;
    private long maxPayload;
    private int deadLettersOpen;
    private int failures;
    private long wakeAt;
    private @Nullable Failure trouble;
    private OptionalLong probe = OptionalLong.empty();
    private @Nullable EventId skipThrough;
    private List<Item> skipped = new ArrayList<>();
    private boolean caughtUp;

    /** A lane without a connection; tell it {@link #connected} first. */
    public Lane(Address address, LaneLimits limits, Fence fence, RandomGenerator random, LaneOutput out) {
        this.address = address;
        this.limits = limits;
        this.fence = fence;
        this.random = random;
        this.out = out;
    }

    /** Events arrived for the tenant, in order. */
    public void arrived(List<Item> items) {
        waiting.addAll(items);
        pump();
    }

    /** A dead letter that the lane asked for is committed. */
    public void deadLettered() {
        deadLettersOpen--;
        pump();
    }

    /** What the lane is doing. */
    public LaneSnapshot snapshot() {
        return new LaneSnapshot(
                address, phase, waiting.size(), window.size(), known.lastSequence(), oldestMicros(), trouble);
    }

    /** How many events wait to be sent. */
    public int queued() {
        return waiting.size();
    }

    /** How many events were sent and are not known to be stored. */
    public int inFlight() {
        return window.size();
    }

    /** Commit time of the oldest event that is not known to be stored; {@link Long#MAX_VALUE} if there is none. */
    private long oldestMicros() {
        Item oldest = window.size() > 0 ? window.first() : waiting.peekFirst();
        return oldest == null ? Long.MAX_VALUE : oldest.event().origin().committedAtMicros();
    }

    /** Sends, skips and dead-letters from the front of the queue as far as the state allows. */
    private void pump() {
        Item head = waiting.peekFirst();
        while (head != null && phase != Phase.HALTED && advance(head)) {
            head = waiting.peekFirst();
        }
    }

    /** Deals with the head of the queue; false when it has to wait. */
    private boolean advance(Item head) {
        if (phase == Phase.CONFLICT && head.rejection() == null) {
            head.reject(conflict());
        }
        Rejection rejection = head.rejection();
        if (rejection != null) {
            if (deadLettersOpen >= limits.deadLetters()) {
                return false;
            }
            waiting.removeFirst();
            deadLettersOpen++;
            out.deadLetter(head, rejection);
            return true;
        }
        if (phase == Phase.IDLE) {
            attach();
        }
        if (phase != Phase.STREAMING) {
            return false;
        }
        if (skipThrough != null) {
            skip(head);
            return true;
        }
        // what is sent now may be the last that a later start sees: everything before it must be accounted for
        if (deadLettersOpen > 0 || window.size() >= limits.window()) {
            return false;
        }
        Position position = position(head.event());
        Envelope envelope = envelope(head);
        if (MessageSize.exceeds(maxPayload, envelope, position)) {
            head.reject(new Rejection(
                    Reason.PAYLOAD_TOO_LARGE,
                    "headers and payload are " + MessageSize.of(envelope, position)
                            + " bytes, the server's max_payload is " + maxPayload));
            return true;
        }
        waiting.removeFirst();
        out.publish(round, head, window.send(head), position);
        return true;
    }

    private void attach() {
        phase = phase.to(Phase.ATTACHING);
        round++;
        out.attach(round, new Look(probe, known.lastSequence(), !known.looked(), window.size()));
    }

    /**
     * The stream exists, is this tenant's, and this is its end.
     *
     * @param now a monotonic time in nanoseconds
     */
    public void attached(long inRound, StreamTail tail, long now) {
        if (inRound != round || phase != Phase.ATTACHING) {
            return;
        }
        if (isOutranked(tail)) {
            return;
        }
        List<Item> sent = window.snapshot();
        Resync.Finding finding = Resync.compare(known, sent, tail);
        if (finding instanceof Resync.Finding.Stored stored) {
            noticeHole(sent, stored.items());
            resume(sent, stored.items(), tail);
        } else if (finding instanceof Resync.Finding.LostTail lost) {
            out.notice(LaneOutput.Notice.STREAM_LOST_TAIL, lost.text());
            resume(sent, List.of(), tail);
        } else if (finding instanceof Resync.Finding.AskFence ask) {
            askFence(ask.own());
            resume(sent, List.of(), tail);
        } else if (finding instanceof Resync.Finding.NoFence none) {
            out.notice(LaneOutput.Notice.FENCE_UNUSABLE, none.text());
            resume(sent, List.of(), tail);
        } else if (finding instanceof Resync.Finding.Foreign foreign) {
            out.notice(LaneOutput.Notice.FOREIGN_MESSAGES, foreign.text());
            trouble = new Failure(Failure.Kind.TENANT_TROUBLE, "foreign_messages", foreign.text());
            backOff(now);
        } else if (finding instanceof Resync.Finding.MovedOn moved) {
            halt(true, moved.text());
        }
        pump();
    }

    /** Whether the stream's end tells of a leader of this slot with a greater term; then it is over. */
    private boolean isOutranked(StreamTail tail) {
        Position last =
                tail.end() instanceof StreamTail.End.Own own ? own.position().orElse(null) : null;
        if (last == null || !fence.isOutrankedBy(last)) {
            return false;
        }
        phase = phase.to(Phase.HALTED);
        out.stepDown(
                last.term(),
                "stream " + address.stream() + ": event " + last.live() + " at its end was published in term "
                        + last.term() + ", this is term " + fence.term());
        return true;
    }

    private void askFence(StreamTail.End.Own own) {
        Fence.Decision decision = own.position()
                .<Fence.Decision>map(position -> fence.decide(position, own.pierced()))
                .orElseGet(() -> new Fence.Decision.Unusable("the stream's last message has no readable position"));
        if (decision instanceof Fence.Decision.SkipThrough skip) {
            skipThrough = skip.live();
        } else if (decision instanceof Fence.Decision.Unusable unusable) {
            out.notice(LaneOutput.Notice.FENCE_UNUSABLE, unusable.why());
        }
    }

    private void noticeHole(List<Item> sent, List<Item> stored) {
        if (!stored.equals(sent.subList(0, stored.size()))) {
            out.notice(
                    LaneOutput.Notice.FOREIGN_MESSAGES,
                    "a message of somebody else took the place of an event, which is published behind later ones");
        }
    }

    /** Goes on behind the stream's end: {@code stored} are in it, the others that were sent go out again. */
    private void resume(List<Item> sent, List<Item> stored, StreamTail tail) {
        known = Resync.Known.at(
                tail,
                stored.isEmpty()
                        ? known.last()
                        : stored.get(stored.size() - 1).event().id());
        if (!stored.isEmpty()) {
            out.settle(stored, LaneOutput.How.PUBLISHED);
            failures = 0;
        }
        Set<Item> there = new HashSet<>(stored);
        List<Item> again = sent.stream().filter(item -> !there.contains(item)).toList();
        if (!again.isEmpty()) {
            blame(again, tail);
        }
        window.restart(tail.lastSequence());
        probe = OptionalLong.empty();
        phase = phase.to(Phase.STREAMING);
        if (caughtUp && skipThrough != null && !isWaiting(skipThrough)) {
            fenceWrong();
        }
    }

    /** Puts items back to the front of the queue, after deciding whether one of them is the culprit. */
    private void blame(List<Item> again, StreamTail tail) {
        Item head = again.get(0);
        Failure failure = head.lastFailure();
        boolean found = isFound(head, tail);
        if (failure != null
                && failure.kind() == Failure.Kind.UNEXPLAINED
                && head.countAttempt() >= limits.retry().maxAttempts()) {
            head.reject(new Rejection(
                    Reason.RETRIES_EXHAUSTED,
                    "refused " + head.attempts() + " times while the stream answers: " + failure.text()));
        }
        for (int i = again.size() - 1; i >= (found ? 1 : 0); i--) {
            Item item = again.get(i);
            Failure last = item.lastFailure();
            if (last != null && last.kind() == Failure.Kind.POISON) {
                item.reject(new Rejection(Reason.STREAM_REJECTED, last.text()));
            }
            waiting.addFirst(item);
        }
        if (found) {
            out.settle(List.of(head), LaneOutput.How.SKIPPED);
            failures = 0;
        }
    }

    /** Whether the server's word that it has the event already holds: it lies there, or lay there and is gone. */
    private boolean isFound(Item head, StreamTail tail) {
        StreamTail.Probe there = tail.probe().orElse(null);
        return there instanceof StreamTail.Probe.Message message
                ? message.id().equals(head.event().id().value())
                : there != null && head.duplicateAt() == probe.orElse(-1);
    }

    /**
     * The stream could not be made or looked at.
     *
     * @param now a monotonic time in nanoseconds
     */
    public void attachFailed(long inRound, Failure failure, long now) {
        if (inRound != round || phase != Phase.ATTACHING) {
            return;
        }
        trouble = failure;
        if (failure.kind() == Failure.Kind.NAME_CONFLICT) {
            enterConflict(now);
        } else {
            backOff(now);
        }
        pump();
    }

    private void enterConflict(long now) {
        List<Item> sent = window.snapshot();
        for (int i = sent.size() - 1; i >= 0; i--) {
            waiting.addFirst(sent.get(i));
        }
        window.restart(0);
        known = Resync.Known.NOTHING;
        phase = phase.to(Phase.CONFLICT);
        wakeAt = now + limits.conflictPauseNanos();
        out.wakeAt(wakeAt);
    }

    /**
     * A message was stored in the tenant's own stream, as a new one.
     *
     * @param now a monotonic time in nanoseconds
     */
    public void acknowledged(long inRound, Item item, long sequence, long now) {
        if (isStale(inRound)) {
            return;
        }
        if (!Window.isInChain(item, sequence)) {
            String text = "stored at sequence " + sequence + " instead of " + (item.expectedSequence() + 1);
            failed(inRound, item, Failure.doubt("sequence", text), now);
            return;
        }
        List<Item> done = window.acknowledge(item);
        if (!done.isEmpty()) {
            Item last = done.get(done.size() - 1);
            known = Resync.Known.of(last.event().id(), last.expectedSequence() + 1);
            out.settle(done, LaneOutput.How.PUBLISHED);
            failures = 0;
            if (phase == Phase.STREAMING) {
                trouble = null;
            }
        }
        resyncWhenDrained(now);
        pump();
    }

    /**
     * The server says that it has this id already: doubt, never an acknowledgement.
     *
     * @param sequence where it says that the message lies; 0 when it does not say
     * @param now a monotonic time in nanoseconds
     */
    public void duplicate(long inRound, Item item, long sequence, long now) {
        if (isStale(inRound)) {
            return;
        }
        item.duplicateAt(sequence);
        if (sequence > 0 && probe.isEmpty()) {
            probe = OptionalLong.of(sequence);
        }
        String text = "the server has this id already, at sequence " + sequence;
        failed(inRound, item, Failure.doubt("duplicate", text), now);
    }

    /**
     * A publish failed.
     *
     * @param now a monotonic time in nanoseconds
     */
    public void failed(long inRound, Item item, Failure failure, long now) {
        if (isStale(inRound)) {
            return;
        }
        window.fail(item, failure);
        if (phase == Phase.STREAMING) {
            // the first failure tells the cause; those behind it only tell that there is a gap
            trouble = failure;
            phase = phase.to(Phase.DRAINING);
        }
        resyncWhenDrained(now);
        pump();
    }

    private boolean isStale(long inRound) {
        return inRound != round || (phase != Phase.STREAMING && phase != Phase.DRAINING);
    }

    private void resyncWhenDrained(long now) {
        if (phase != Phase.DRAINING || !window.isAnswered()) {
            return;
        }
        if (failures == 0 && trouble != null && isOnlyDoubt(trouble)) {
            failures++;
            attach();
        } else {
            backOff(now);
        }
    }

    private static boolean isOnlyDoubt(Failure failure) {
        return failure.kind() == Failure.Kind.DOUBT
                || failure.kind() == Failure.Kind.FENCED
                || failure.kind() == Failure.Kind.POISON;
    }

    private void backOff(long now) {
        failures++;
        phase = phase.to(Phase.BACKING_OFF);
        wakeAt = now + limits.retry().pauseNanos(failures, random);
        out.notice(LaneOutput.Notice.RETRY, trouble == null ? "" : trouble.text());
        out.wakeAt(wakeAt);
    }

    /**
     * The connection is there.
     *
     * @param serverMaxPayload the server's bound on headers and payload together, in bytes
     */
    public void connected(long serverMaxPayload) {
        maxPayload = serverMaxPayload;
        if (phase == Phase.OFFLINE) {
            phase = phase.to(Phase.IDLE);
            if (window.size() > 0) {
                attach();
            }
        }
        pump();
    }

    /** The connection is gone, and with it every answer that has not come yet. */
    public void disconnected() {
        if (phase != Phase.OFFLINE && phase != Phase.HALTED) {
            window.forgetAnswers();
            round++;
            phase = phase.to(Phase.OFFLINE);
        }
    }

    /**
     * A pause that was asked for may be over.
     *
     * @param now a monotonic time in nanoseconds
     */
    public void woken(long now) {
        if (now - wakeAt < 0) {
            return;
        }
        if (phase == Phase.BACKING_OFF) {
            attach();
        } else if (phase == Phase.CONFLICT) {
            phase = phase.to(Phase.IDLE);
        }
        pump();
    }

    private void skip(Item head) {
        waiting.removeFirst();
        out.release(head);
        skipped.add(head.husk());
        if (head.event().id().equals(skipThrough)) {
            out.settle(skipped, LaneOutput.How.SKIPPED);
            skipped = new ArrayList<>();
            skipThrough = null;
        }
    }

    /** Everything that was committed before this start has arrived. */
    public void caughtUp() {
        caughtUp = true;
        if (phase != Phase.HALTED && skipThrough != null && !isWaiting(skipThrough)) {
            fenceWrong();
        }
    }

    private boolean isWaiting(EventId id) {
        return waiting.stream().anyMatch(item -> item.event().id().equals(id));
    }

    private void fenceWrong() {
        halt(false, "event " + skipThrough + " should have come again and did not");
    }

    private void halt(boolean useFences, String why) {
        phase = phase.to(Phase.HALTED);
        out.restart(useFences, "stream " + address.stream() + ": " + why);
    }

    private Rejection conflict() {
        return new Rejection(
                Reason.TENANT_NAME_CONFLICT,
                trouble == null ? "stream " + address.stream() + " belongs to another tenant" : trouble.text());
    }

    private Position position(OutboxEvent event) {
        return new Position(
                fence.term(),
                fence.slot(),
                event.origin().lsn(),
                event.origin().after(),
                known.lastSequence(),
                event.id());
    }

    private static Envelope envelope(Item item) {
        Envelope envelope = item.envelope();
        if (envelope == null) {
            throw new IllegalStateException(item + " was rejected on arrival and cannot be sent");
        }
        return envelope;
    }
}
