package dev.outboxrelay.lane;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Position;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.route.CloudEvents;
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
 * <p>Events that have waited too long, or are too many, are <em>parked</em>: written into the table of dead letters, in
 * order, which settles their tickets. As long as the table holds some ({@link Backlog}), these go out first, and live
 * ones wait behind them.
 *
 * <p>Not thread-safe: one thread at a time. Every {@code now} is a monotonic time in nanoseconds. Longer than most
 * classes here because the states share one window; the parts that can stand alone do ({@link Window}, {@link Backlog},
 * {@link Resync}, {@link Fence}, {@link RetryPolicy}).
 */
public final class Lane {

    /** A second: events that come behind parked ones are parked in small lots, of which nobody else notices much. */
    private static final long SOON = 1_000_000_000;

    private final Address address;
    private final Fence fence;
    private final RandomGenerator random;
    private final LaneOutput out;
    private LaneLimits limits;
    private CloudEvents cloudEvents = CloudEvents.OFF;

    private final ArrayDeque<Item> waiting = new ArrayDeque<>();
    private final Window window = new Window();
    private final Backlog backlog = new Backlog();
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
    /** Whether it is known what of the events that come again is in the stream. */
    private boolean certain;

    private @Nullable Position lastLive;
    private boolean parkAnyway;
    private boolean parkedBlindly;
    /** The first ticket of those that were left to the WAL. */
    private long forgottenFrom = Long.MAX_VALUE;

    private long forbearance;

    private long waitingBytes;
    private boolean stuck;
    private long stuckSince;
    private long parkTimer;
    private long heldUntil;
    private @Nullable String parkReason;

    /** A lane without a connection; tell it {@link #connected} first. */
    public Lane(Address address, LaneLimits limits, Fence fence, RandomGenerator random, LaneOutput out) {
        this.address = address;
        this.limits = limits;
        this.fence = fence;
        this.random = random;
        this.out = out;
    }

    /**
     * How long, in nanoseconds, events are kept at least for a stream that could not be looked at yet, before they are
     * left to the WAL. Leaving them costs a restart of the whole source as soon as the stream can be looked at; where
     * looking takes its time, such a restart after the other would get nowhere.
     */
    public void forbear(long nanos) {
        forbearance = nanos;
    }

    /** Which attributes messages get when they are sent: they count for their size. */
    public void attributes(CloudEvents added) {
        cloudEvents = added;
    }

    /** Events arrived for the tenant, in order. */
    public void arrived(List<Item> items, long now) {
        for (Item item : items) {
            if (item.isAgain() && certain) {
                passAgain(item);
            } else if (forgottenFrom < Long.MAX_VALUE) {
                out.release(item);
            } else {
                if (caughtUp) {
                    item.cameForTheFirstTime();
                }
                waiting.addLast(item);
                waitingBytes += item.bytes();
            }
        }
        proceed(now);
    }

    /** A dead letter that the lane asked for is committed. */
    public void deadLettered(long now) {
        deadLettersOpen--;
        if (limits.hold()) {
            holdBehindDeadLetter();
        }
        proceed(now);
    }

    /** The table knows the dead letter now: ask it what may still be sent. */
    private void holdBehindDeadLetter() {
        if (backlog.is(Backlog.Stage.NONE)) {
            backlog.to(Backlog.Stage.WANTED);
        } else if (backlog.is(Backlog.Stage.SENDING)) {
            backlog.leave(0);
        }
    }

    /** Somebody parked events of this tenant, or wants dead letters of it published, or decided about one. */
    public void backlogWaits(long now) {
        backlog.changed();
        if (backlog.is(Backlog.Stage.NONE)) {
            backlog.to(certain ? Backlog.Stage.WANTED : Backlog.Stage.UNKNOWN);
        } else if (backlog.is(Backlog.Stage.HELD)) {
            backlog.to(Backlog.Stage.WANTED);
        }
        proceed(now);
    }

    /** So many of the events that were to be parked are in the table. */
    public void parked(int events, long now) {
        backlog.parked(events);
        askTable();
        proceed(now);
    }

    /**
     * The next events from the table, in order.
     *
     * @param held whether there are more, but a dead letter holds them back
     */
    public void fetched(List<Item> items, boolean held, long now) {
        if (!backlog.is(Backlog.Stage.FETCHING)) {
            return;
        }
        if (phase != Phase.STREAMING) {
            backlog.to(Backlog.Stage.WANTED); // they are safe where they are
        } else if (!items.isEmpty()) {
            if (backlog.isEnd(items.size())) {
                stuckSince = now; // nearly done: what arrives now may wait in memory
            }
            backlog.begin(items, known.lastSequence());
        } else if (held) {
            backlog.to(Backlog.Stage.HELD);
            trouble = new Failure(
                    Failure.Kind.TENANT_TROUBLE, "held", "a dead letter holds later events back: replay or discard it");
            heldUntil = now + limits.retry().max().toNanos();
            out.wakeAt(heldUntil);
        } else {
            backlog.nothingFound();
            trouble = null;
        }
        proceed(now);
    }

    /** What was to be resolved is. */
    public void resolved(long now) {
        if (backlog.is(Backlog.Stage.RESOLVING)) {
            backlog.to(backlog.next() == null ? Backlog.Stage.WANTED : Backlog.Stage.SENDING);
        }
        proceed(now);
    }

    /** What was found in the stream is resolved in the table. */
    public void reconciled(long now) {
        if (!backlog.is(Backlog.Stage.RECONCILING)) {
            return;
        }
        backlog.to(Backlog.Stage.WANTED);
        if (!certain) {
            becomeCertain();
        }
        proceed(now);
    }

    /**
     * Everything that waits is to go into the table of dead letters, whatever the lane is doing. If it could not look
     * at the stream yet, some of it may be there already and come a second time.
     *
     * @param why in words
     */
    public void park(String why, long now) {
        if (phase != Phase.HALTED && phase != Phase.CONFLICT && forgottenFrom == Long.MAX_VALUE) {
            parkReason = why;
            parkAnyway = true;
            parkedBlindly |= !known.looked();
        }
        proceed(now);
    }

    /**
     * Other bounds hold from now on. What is in flight stays in flight, whatever the new window: the chain of sequences
     * goes on behind it.
     */
    public void limits(LaneLimits next, long now) {
        LaneLimits before = limits;
        limits = next;
        if (phase == Phase.HALTED) {
            return;
        }
        if (next.hold() && !before.hold() && backlog.is(Backlog.Stage.NONE)) {
            // the table may hold a dead letter from before, behind which live events now wait
            backlog.to(certain ? Backlog.Stage.WANTED : Backlog.Stage.UNKNOWN);
        } else if (!next.hold() && before.hold() && backlog.is(Backlog.Stage.HELD)) {
            backlog.to(Backlog.Stage.WANTED);
        }
        if (before.paused() && !next.paused()) {
            stuck = false; // how long it waited until now was nobody's trouble
            if (phase == Phase.BACKING_OFF && now - wakeAt >= 0) {
                attach();
            }
        }
        proceed(now);
    }

    /** What the lane is doing. */
    public LaneSnapshot snapshot() {
        return new LaneSnapshot(
                address,
                phase,
                waiting.size(),
                window.size(),
                known.lastSequence(),
                oldestMicros(),
                backlog.isPresent(),
                oldestTicket(),
                limits.paused(),
                trouble);
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
        Item oldest = window.size() > 0 ? window.first() : backlog.next();
        Item first = oldest == null ? waiting.peekFirst() : oldest;
        return first == null ? Long.MAX_VALUE : first.event().origin().committedAtMicros();
    }

    private long oldestTicket() {
        Item first = window.first();
        Item oldest = first == null || first.isLate() ? waiting.peekFirst() : first;
        if (!skipped.isEmpty()) {
            oldest = skipped.get(0);
        }
        return Math.min(
                forgottenFrom, oldest == null ? Long.MAX_VALUE : oldest.ticket().number());
    }

    /** Goes as far as the state allows, then looks whether what waits has to be parked. */
    private void proceed(long now) {
        pump();
        watch(now);
    }

    private void pump() {
        while (phase != Phase.HALTED && step()) {
            // one thing at a time
        }
    }

    /** Does the next thing; false when there is none or it has to wait. */
    private boolean step() {
        Item head = waiting.peekFirst();
        if (head != null && (head.isAgain() ? passesInConflict(head) : passes(head))) {
            return true;
        }
        if (phase == Phase.IDLE && (head != null || backlog.isPresent() || forgottenFrom < Long.MAX_VALUE)) {
            attach();
        }
        // what is sent now may be the last that a later start sees: everything before it must be accounted for
        if (phase != Phase.STREAMING || deadLettersOpen > 0 || window.size() >= openWindow()) {
            return false;
        }
        return mayGo(head) ? sendLive(head) : stepBacklog();
    }

    /** After two failures in a row only one at a time is tried. */
    private int openWindow() {
        return failures > 1 ? 1 : limits.window();
    }

    /** Whether the head of the queue leaves it without being sent. */
    private boolean passes(Item head) {
        if (head.isRuledOut() && (mayLieInStream(head) || head.droppedBy() != null)) {
            return passesByRule(head);
        }
        if (phase == Phase.CONFLICT && head.rejection() == null && skipThrough == null) {
            head.reject(conflict());
        }
        Rejection rejection = head.rejection();
        if (rejection != null) {
            if (deadLettersOpen >= limits.deadLetters() || mustWaitInOrder()) {
                return false;
            }
            takeHead();
            deadLettersOpen++;
            out.deadLetter(head, rejection);
            return true;
        }
        if (certain && skipThrough != null) {
            takeHead();
            skip(head);
            return true;
        }
        return false;
    }

    /**
     * What a routing rule rules out may have been published under the rules of an earlier start: it may even be the
     * event that the fence waits for. So it is skipped like any other as long as something is.
     */
    private boolean passesByRule(Item head) {
        if (certain && skipThrough != null) {
            takeHead();
            skip(head);
            return true;
        }
        if (mayLieInStream(head)) {
            return false; // the stream has to be looked at first
        }
        List<Item> dropped = new ArrayList<>();
        for (Item item = head; item != null && isDroppedHere(item); item = waiting.peekFirst()) {
            dropped.add(takeHead());
        }
        out.settle(dropped, LaneOutput.How.DROPPED);
        return true;
    }

    private boolean isDroppedHere(Item item) {
        return item.droppedBy() != null && !mayLieInStream(item);
    }

    /** Whether nobody knows yet, or it is known, that an earlier start has published the event. */
    private boolean mayLieInStream(Item item) {
        boolean nobodysBusiness = phase == Phase.CONFLICT && skipThrough == null;
        return !item.isNew() && !nobodysBusiness && (!certain || skipThrough != null);
    }

    /**
     * The stream is somebody else's and cannot tell anything about what comes again: the table has decided it.
     * Otherwise it would wait for a look that never comes, and the slot with it.
     */
    private boolean passesInConflict(Item again) {
        if (phase != Phase.CONFLICT || skipThrough != null) {
            return false;
        }
        takeHead();
        out.settle(List.of(again), LaneOutput.How.IN_TABLE);
        return true;
    }

    /** A dead letter that holds later events back must come after earlier ones in the table too. */
    private boolean mustWaitInOrder() {
        return limits.hold() && (isLiveInFlight() || backlog.isParking());
    }

    private Item takeHead() {
        Item head = waiting.removeFirst();
        waitingBytes -= head.bytes();
        return head;
    }

    private void putBack(Item item) {
        if (item.isLate()) {
            backlog.putBack(item);
        } else {
            waiting.addFirst(item);
            waitingBytes += item.bytes();
        }
    }

    /**
     * An event that is in the table already. When it was parked, everything of the tenant before it had been accounted
     * for: so what comes again before it is in the stream.
     */
    private void passAgain(Item item) {
        if (item.tableSeq() > 0) {
            waiting.stream()
                    .filter(before -> before.mayHaveBeenPublished() && !before.wasSent())
                    .toList()
                    .forEach(this::skipFromTheMiddle);
            settleSkipped();
        }
        out.settle(List.of(item), LaneOutput.How.IN_TABLE);
        if (item.event().id().equals(skipThrough)) {
            endSkip();
        }
    }

    /** The same for those that came before it was known what is in the stream. */
    private void passThoseThatCameAgain() {
        List<Item> came = new ArrayList<>(waiting);
        waiting.clear();
        waitingBytes = 0;
        for (Item item : came) {
            if (item.isAgain()) {
                passAgain(item);
            } else {
                waiting.addLast(item);
                waitingBytes += item.bytes();
            }
        }
    }

    private void skipFromTheMiddle(Item item) {
        waiting.remove(item);
        waitingBytes -= item.bytes();
        skip(item);
    }

    /** Live events wait behind the backlog, except those that were sent before and may still be on their way. */
    private boolean mayGo(@Nullable Item head) {
        return head != null
                && !limits.paused()
                && head.rejection() == null
                && head.droppedBy() == null
                && parkReason == null
                && (!backlog.isPresent() || (backlog.is(Backlog.Stage.WANTED) && head.wasSent() && !limits.hold()));
    }

    private boolean sendLive(Item head) {
        if (!fits(head, position(head))) {
            return true;
        }
        takeHead();
        send(head);
        return true;
    }

    private void send(Item item) {
        Position position = position(item);
        out.publish(round, item, window.send(item), position);
    }

    /** Whether the server takes a message of this size; rejects the item if not. */
    private boolean fits(Item item, Position position) {
        Envelope envelope = envelope(item);
        if (MessageSize.exceeds(maxPayload, envelope, position, cloudEvents)) {
            item.reject(new Rejection(
                    Reason.PAYLOAD_TOO_LARGE,
                    "headers and payload are " + MessageSize.of(envelope, position, cloudEvents)
                            + " bytes, the server's max_payload is " + maxPayload));
            return false;
        }
        return true;
    }

    private boolean stepBacklog() {
        if (limits.paused() && backlog.is(Backlog.Stage.SENDING)) {
            backlog.leave(0); // what was not sent stays in the table
        }
        if (backlog.is(Backlog.Stage.WANTED) && window.size() == 0 && !limits.paused()) {
            int atMost = openWindow();
            backlog.asked(atMost);
            out.fetch(atMost);
        } else if (backlog.is(Backlog.Stage.SENDING)) {
            Item next = backlog.next();
            if (next != null) {
                return stepLate(next);
            }
            if (window.size() == 0) {
                resolve();
                return true;
            }
        }
        return false;
    }

    private boolean stepLate(Item next) {
        Rejection rejection = next.rejection();
        if (next.droppedBy() != null) {
            backlog.stored(List.of(backlog.take())); // resolved with the others: nothing of it goes to the stream
        } else if (rejection != null) {
            backlog.take();
            deadLettersOpen++;
            out.bury(next, rejection);
        } else if (fits(next, position(next))) {
            send(backlog.take());
        }
        return true;
    }

    /** Everything of the batch is answered: the table learns what is in the stream before more is sent. */
    private void resolve() {
        List<Item> stored = backlog.takeStored();
        if (stored.isEmpty()) {
            backlog.to(backlog.next() == null ? Backlog.Stage.WANTED : Backlog.Stage.SENDING);
        } else {
            backlog.to(Backlog.Stage.RESOLVING);
            out.resolve(stored);
        }
    }

    /** Notices when the lane gets nowhere, or too much waits, and parks what waits. */
    private void watch(long now) {
        if (phase == Phase.HALTED || phase == Phase.CONFLICT) {
            stuck = false;
            return;
        }
        boolean stuckNow = limits.paused()
                || failures > 0
                || backlog.isPresent()
                || phase == Phase.ATTACHING
                || phase == Phase.DRAINING
                || phase == Phase.BACKING_OFF;
        if (phase == Phase.OFFLINE || !stuckNow) {
            stuck = false;
        } else if (!stuck) {
            stuck = true;
            stuckSince = now;
        }
        boolean liveInFlight = isLiveInFlight();
        if (parkReason == null && phase != Phase.OFFLINE) {
            if (certain && isOverflowing()) {
                parkReason = "more events wait than one tenant may keep in memory";
            } else if (stuck && (liveInFlight || !waiting.isEmpty())) {
                parkWhenDue(now);
            }
        }
        if (parkReason != null) {
            parkIfReady(parkReason, liveInFlight, now);
        }
    }

    private boolean isOverflowing() {
        return waiting.size() > limits.maxEvents() || waitingBytes > limits.maxBytes();
    }

    private void parkWhenDue(long now) {
        long due = stuckSince + (certain ? patience() : Math.max(patience(), forbearance));
        if (now - due >= 0 && !certain) {
            if (isOverflowing()) {
                forget();
            }
        } else if (now - due >= 0) {
            parkReason = reason();
        } else if (parkTimer != due) {
            parkTimer = due;
            out.wakeAt(due);
        }
    }

    private String reason() {
        if (limits.paused()) {
            return "the tenant is paused";
        }
        return trouble == null ? "events that were parked before are sent first" : trouble.text();
    }

    /** How long what waits may wait: not that long again behind what is parked for a trouble that is not over. */
    private long patience() {
        long patience = limits.parkAfter().toNanos();
        return limits.paused() || (backlog.isPresent() && failures > 0) ? Math.min(patience, SOON) : patience;
    }

    /**
     * Nobody can tell which of these events are in the stream already: they stay in the WAL, and are read again as soon
     * as somebody can.
     */
    private void forget() {
        for (Item item = waiting.peekFirst(); item != null; item = waiting.peekFirst()) {
            forgottenFrom = Math.min(forgottenFrom, item.ticket().number());
            out.release(takeHead());
        }
    }

    private boolean isLiveInFlight() {
        Item first = window.first();
        return first != null && !first.isLate();
    }

    /** Parks once no answer about a live event is out, or none can be had: what is parked must stay in order. */
    private void parkIfReady(String why, boolean liveInFlight, long now) {
        if (known.looked() && !certain) {
            return; // soon it is known what is to be skipped
        }
        if (deadLettersOpen > 0) {
            return; // what is parked lies behind them, in the table too
        }
        List<Item> inDoubt = List.of();
        if (liveInFlight) {
            if (phase != Phase.BACKING_OFF && phase != Phase.OFFLINE) {
                return;
            }
            inDoubt = window.snapshot();
            backlog.doubt(inDoubt);
            window.restart(known.lastSequence());
        }
        parkReason = null;
        parkAnyway = false;
        stuckSince = now;
        List<Item> parking = new ArrayList<>(inDoubt);
        while (!waiting.isEmpty()) {
            Item item = takeHead();
            if (certain && skipThrough != null) {
                skip(item);
            } else if (item.isAgain()) {
                out.settle(List.of(item), LaneOutput.How.IN_TABLE);
            } else if (isDroppedHere(item)) {
                out.settle(List.of(item), LaneOutput.How.DROPPED);
            } else {
                parking.add(item);
            }
        }
        if (!parking.isEmpty()) {
            backlog.parking(parking.size());
            out.notice(LaneOutput.Notice.PARKED, parking.size() + " events: " + why);
            out.park(parking, why);
            boolean clear = certain && backlog.doubtful().isEmpty();
            if (!clear && !backlog.is(Backlog.Stage.RECONCILING)) {
                backlog.to(Backlog.Stage.UNKNOWN);
            } else if (!backlog.isPresent()) {
                backlog.to(Backlog.Stage.WANTED);
            }
        }
        pump();
    }

    private void attach() {
        phase = phase.to(Phase.ATTACHING);
        round++;
        out.attach(
                round,
                new Look(
                        probe,
                        known.lastSequence(),
                        !known.looked(),
                        window.size() + backlog.doubtful().size()));
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
        boolean first = !known.looked();
        Resync.Finding finding = Resync.compare(known, sent, backlog.doubtful(), tail);
        if (finding instanceof Resync.Finding.Stored stored) {
            noticeHole(sent, stored.items());
            resume(sent, stored.items(), tail);
            reconcile(first, tail);
        } else if (finding instanceof Resync.Finding.LostTail lost) {
            out.notice(LaneOutput.Notice.STREAM_LOST_TAIL, lost.text());
            resume(sent, List.of(), tail);
            reconcile(first, tail);
        } else if (finding instanceof Resync.Finding.AskFence ask) {
            askFence(ask.own());
            resume(sent, List.of(), tail);
            reconcile(first, tail);
        } else if (finding instanceof Resync.Finding.NoFence none) {
            out.notice(LaneOutput.Notice.FENCE_UNUSABLE, none.text());
            resume(sent, List.of(), tail);
            reconcile(first, tail);
        } else if (finding instanceof Resync.Finding.Foreign foreign) {
            out.notice(LaneOutput.Notice.FOREIGN_MESSAGES, foreign.text());
            trouble = new Failure(Failure.Kind.TENANT_TROUBLE, "foreign_messages", foreign.text());
            backOff(now);
        } else if (finding instanceof Resync.Finding.MovedOn moved) {
            halt(true, moved.text());
        }
        proceed(now);
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
        if (parkedBlindly) {
            out.notice(LaneOutput.Notice.FENCE_UNUSABLE, "events were parked before the stream could be looked at");
            return;
        }
        Fence.Decision decision = own.position()
                .<Fence.Decision>map(position -> fence.decide(position, own.pierced()))
                .orElseGet(() -> new Fence.Decision.Unusable("the stream's last message has no readable position"));
        if (decision instanceof Fence.Decision.SkipThrough skip) {
            skipThrough = skip.live();
        } else if (decision instanceof Fence.Decision.Unusable unusable) {
            out.notice(LaneOutput.Notice.FENCE_UNUSABLE, unusable.why());
        }
    }

    /** Has the table learn what the stream's end tells of the backlog, before anything more is sent. */
    private void reconcile(boolean first, StreamTail tail) {
        Set<EventId> found = new HashSet<>(tail.behind());
        if (!first) {
            found.retainAll(backlog.doubtful());
        }
        backlog.doubtful().clear();
        if (backlog.is(Backlog.Stage.UNKNOWN)) {
            backlog.found(found);
            askTable();
        } else if (!certain && !backlog.is(Backlog.Stage.RECONCILING)) {
            becomeCertain();
        }
    }

    /** Asks once what was on its way into the table when the lane looked has arrived there. */
    private void askTable() {
        Set<EventId> found = backlog.takeFound();
        if (found == null) {
            return;
        }
        if (!found.isEmpty()) {
            backlog.to(Backlog.Stage.RECONCILING);
            out.reconcile(found);
            return;
        }
        backlog.to(Backlog.Stage.WANTED);
        if (!certain) {
            becomeCertain();
        }
    }

    /** From here on it is known what of the events that come again is to be skipped. */
    private void becomeCertain() {
        if (phase == Phase.HALTED) {
            return;
        }
        certain = true;
        if (forgottenFrom < Long.MAX_VALUE) {
            halt(true, "its end can be seen again, and events were left in the WAL meanwhile");
            return;
        }
        passThoseThatCameAgain();
        if (caughtUp && skipThrough != null && !isWaiting(skipThrough)) {
            fenceWrong();
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
        if (tail.end() instanceof StreamTail.End.Own own) {
            lastLive = own.position().orElse(lastLive);
        } else if (tail.end() instanceof StreamTail.End.Empty) {
            lastLive = null;
        }
        backlog.endsAt(tail.lastSequence());
        if (!stored.isEmpty()) {
            settle(stored);
        }
        Set<Item> there = new HashSet<>(stored);
        List<Item> again = sent.stream().filter(item -> !there.contains(item)).toList();
        if (!again.isEmpty()) {
            blame(again, tail);
        }
        window.restart(tail.lastSequence());
        probe = OptionalLong.empty();
        phase = phase.to(Phase.STREAMING);
    }

    /** These are in the stream. */
    private void settle(List<Item> stored) {
        failures = 0;
        if (stored.get(0).isLate()) {
            backlog.stored(stored);
        } else {
            lastLive = position(stored.get(stored.size() - 1));
            out.settle(stored, LaneOutput.How.PUBLISHED);
        }
    }

    /** Puts items back to the front of the queue, after deciding whether one of them is the culprit. */
    private void blame(List<Item> again, StreamTail tail) {
        Item head = again.get(0);
        Failure failure = head.lastFailure();
        boolean found = isFound(head, tail);
        boolean decided = found;
        if (failure != null
                && failure.kind() == Failure.Kind.UNEXPLAINED
                && head.countAttempt() >= limits.retry().maxAttempts()) {
            head.reject(new Rejection(
                    Reason.RETRIES_EXHAUSTED,
                    "refused " + head.attempts() + " times while the stream answers: " + failure.text()));
            decided = true;
        }
        for (int i = again.size() - 1; i >= (found ? 1 : 0); i--) {
            Item item = again.get(i);
            Failure last = item.lastFailure();
            if (last != null && last.kind() == Failure.Kind.POISON) {
                item.reject(new Rejection(Reason.STREAM_REJECTED, last.text()));
                decided = true;
            }
            putBack(item);
        }
        if (decided) {
            failures = 0; // the lane gets on, if only by a dead letter
        }
        if (found) {
            if (head.isLate()) {
                backlog.stored(List.of(head));
            } else {
                out.settle(List.of(head), LaneOutput.How.SKIPPED);
            }
        }
        if (failures > 1) {
            backlog.leave(1);
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
     * @param absent whether it is certain that there is no such stream, so that nothing can be in it
     */
    public void attachFailed(long inRound, Failure failure, boolean absent, long now) {
        if (inRound != round || phase != Phase.ATTACHING) {
            return;
        }
        if (absent && !known.looked()) {
            known = new Resync.Known(true, null, 0);
            if (backlog.is(Backlog.Stage.UNKNOWN)) {
                backlog.to(Backlog.Stage.WANTED);
            }
            becomeCertain();
            if (phase == Phase.HALTED) {
                return; // what was left to the WAL is read again first
            }
        }
        trouble = failure;
        if (failure.kind() == Failure.Kind.NAME_CONFLICT) {
            enterConflict(now);
        } else {
            backOff(now);
        }
        proceed(now);
    }

    private void enterConflict(long now) {
        List<Item> sent = window.snapshot();
        for (int i = sent.size() - 1; i >= 0; i--) {
            putBack(sent.get(i));
        }
        window.restart(0);
        known = Resync.Known.NOTHING;
        certain = false;
        phase = phase.to(Phase.CONFLICT);
        wakeAt = now + limits.conflictPause().toNanos();
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
            settle(done);
            if (phase == Phase.STREAMING) {
                trouble = null;
            }
        }
        resyncWhenDrained(now);
        proceed(now);
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
        proceed(now);
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
    public void connected(long serverMaxPayload, long now) {
        maxPayload = serverMaxPayload;
        if (phase == Phase.OFFLINE) {
            phase = phase.to(Phase.IDLE);
            if (window.size() > 0) {
                attach();
            }
        }
        proceed(now);
    }

    /** The connection is gone, and with it every answer that has not come yet. */
    public void disconnected() {
        if (phase != Phase.OFFLINE && phase != Phase.HALTED) {
            if (!parkAnyway) {
                parkReason = null; // an outage is not the tenant's trouble
            }
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
        if (now - wakeAt >= 0) {
            if (phase == Phase.BACKING_OFF && !(limits.paused() && certain)) {
                attach();
            } else if (phase == Phase.CONFLICT) {
                phase = phase.to(Phase.IDLE);
            }
        }
        if (backlog.is(Backlog.Stage.HELD) && now - heldUntil >= 0) {
            backlog.to(Backlog.Stage.WANTED);
        }
        proceed(now);
    }

    private void skip(Item item) {
        out.release(item);
        skipped.add(item.husk());
        if (item.event().id().equals(skipThrough)) {
            endSkip();
        }
    }

    private void endSkip() {
        skipThrough = null;
        settleSkipped();
    }

    private void settleSkipped() {
        if (!skipped.isEmpty()) {
            out.settle(skipped, LaneOutput.How.SKIPPED);
            skipped = new ArrayList<>();
        }
    }

    /** Everything that was committed before this start has arrived. */
    public void caughtUp() {
        caughtUp = true;
        if (phase != Phase.HALTED && certain && skipThrough != null && !isWaiting(skipThrough)) {
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

    /** The fence to send along: a late event names the last live one before it. */
    private Position position(Item item) {
        if (!item.isLate()) {
            OutboxEvent event = item.event();
            return new Position(
                    fence.term(),
                    fence.slot(),
                    event.origin().lsn(),
                    event.origin().after(),
                    known.lastSequence(),
                    event.id());
        }
        return lastLive == null
                ? new Position(fence.term(), fence.slot(), Lsn.NONE, Lsn.NONE, backlog.since(), null)
                : lastLive.carried(fence.term(), backlog.since());
    }

    private static Envelope envelope(Item item) {
        Envelope envelope = item.envelope();
        if (envelope == null) {
            throw new IllegalStateException(item + " was rejected on arrival and cannot be sent");
        }
        return envelope;
    }
}
