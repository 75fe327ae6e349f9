package dev.outboxrelay.cli;

import dev.outboxrelay.dlq.DeskException;
import dev.outboxrelay.dlq.HeldEvent;
import dev.outboxrelay.dlq.RepublishDesk;
import dev.outboxrelay.dlq.SlotAt;
import dev.outboxrelay.publish.NatsLink;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.streams.StreamIds;
import dev.outboxrelay.streams.StreamKeeps;
import dev.outboxrelay.streams.StreamRemains;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The steps of {@code republish}, in the order that makes them safe: what the outbox holds, then wait until the slot
 * has confirmed past it, then what the stream holds, then hand over what is not in it. A kill between any two of them
 * costs nothing: what was handed over shows in the table of dead letters, and the rest is found again.
 */
final class RepublishRun {

    private static final int BATCH = 500;
    private static final long BATCH_BYTES = 4 << 20;

    /** So much may wait in the table: more only fills it. */
    private static final int MOST_WAITING = 5_000;

    private static final long MOST_BYTES_WAITING = 64 << 20;

    private static final long PAUSE_MILLIS = 100;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration GONE = Duration.ofSeconds(5);
    private static final Duration SILENCE = Duration.ofSeconds(2);

    /** Nobody waits longer for a server to forget. */
    private static final Duration LONGEST_WINDOW = Duration.ofMinutes(10);

    private final RepublishDesk desk;
    private final NatsLink nats;
    private final Address address;
    private final String tenant;
    private final RepublishWish wish;
    private final long walBytes;
    private final RepublishReport report;
    private final PrintWriter err;

    /** @param walBytes while the slot keeps as much, what waits goes out before more is handed over */
    RepublishRun(
            RepublishDesk desk,
            NatsLink nats,
            Address address,
            RepublishWish wish,
            long walBytes,
            RepublishReport report,
            PrintWriter err) {
        this.desk = desk;
        this.nats = nats;
        this.address = address;
        this.tenant = address.tenant().value();
        this.wish = wish;
        this.walBytes = walBytes;
        this.report = report;
        this.err = err;
    }

    /** Why it went no further; null when everything was done. */
    @Nullable
    String run() throws DeskException, StreamRemains.Refused, InterruptedException {
        WantedRows rows = new WantedRows(wish.subject(), address, wish.rules());
        RepublishDesk.Held held = desk.find(tenant, wish.from(), wish.to(), rows);
        report.held(held.events().size(), held.others(), rows.dropped());
        String trouble = wish.dryRun() || held.events().isEmpty() ? null : awaitConfirmed();
        if (trouble != null) {
            return "nothing was handed over: " + trouble;
        }
        Instant lookedAt = desk.now();
        Set<UUID> ids = held.events().stream().map(HeldEvent::id).collect(Collectors.toSet());
        Optional<StreamIds> stream = StreamIds.read(nats.connection(), address, ids);
        report.stream(stream.map(StreamIds::keeps).orElse(null));
        List<HeldEvent> lost = lost(held.events(), stream.orElse(null), lookedAt);
        report.lost(lost);
        warnOfRoom(lost.size(), stream.map(StreamIds::keeps).orElse(null));
        if (wish.dryRun() || lost.isEmpty()) {
            return null;
        }
        trouble = stream.isEmpty() ? null : awaitForgotten(stream.get().keeps(), lost, lookedAt);
        if (trouble != null) {
            return "nothing was handed over: " + trouble;
        }
        trouble = handOver(lost, lookedAt);
        return trouble == null && wish.follow() ? follow(lost) : trouble;
    }

    private List<HeldEvent> lost(List<HeldEvent> held, @Nullable StreamIds stream, Instant now) {
        StreamLimits limits = StreamLimits.of(
                stream == null ? null : stream.keeps(),
                wish.rules().policy().stream().maxAge(),
                now);
        Set<UUID> there = stream == null ? Set.of() : stream.ids();
        List<HeldEvent> lost = new ArrayList<>();
        long gone = 0;
        for (HeldEvent event : held) {
            if (there.contains(event.id())) {
                continue;
            }
            if (!wish.alsoExpired() && limits.wouldBeGone(event.publishedAtEarliest())) {
                gone++;
            } else {
                lost.add(event);
            }
        }
        report.gone(gone);
        return List.copyOf(lost);
    }

    private void warnOfRoom(long events, @Nullable StreamKeeps stream) {
        if (stream != null && events > stream.room()) {
            say(String.format(
                    "Careful: stream %s has room for %,d more messages, and these are %,d: what comes then takes the place of"
                            + " its oldest messages, or waits.",
                    address.stream(), stream.room(), events));
        }
    }

    /** Until then some of what was found may be on its way to the stream, or come again after a restart. */
    private @Nullable String awaitConfirmed() throws DeskException, InterruptedException {
        String position = desk.position();
        long begin = System.nanoTime();
        boolean said = false;
        SlotAt slot = desk.slot(position);
        while (!slot.passed()) {
            long waited = System.nanoTime() - begin;
            if (waited > (slot.active() ? PATIENCE : GONE).toNanos()) {
                return slot.active()
                        ? "the relay has not settled yet what was committed before this command began: is NATS there, and"
                                + " does a tenant hold it up? outbox-relay status tells; then run this again"
                        : "no relay reads the slot: start it (outbox-relay run), then run this again";
            }
            if (!said && waited > SILENCE.toNanos()) {
                say("Waiting until the relay has settled everything that was committed before now.");
                said = true;
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            slot = desk.slot(position);
        }
        return null;
    }

    /**
     * Waits while the server may still remember the ids of lost messages: as long as it does, it takes none of them
     * again, and the relay has to believe that they were there and are gone.
     *
     * @param lookedAt by the clock of the database, which has stamped the rows too
     */
    private @Nullable String awaitForgotten(StreamKeeps stream, List<HeldEvent> lost, Instant lookedAt)
            throws DeskException, InterruptedException {
        Instant last = Instant.EPOCH;
        for (HeldEvent event : lost) {
            Instant at = event.published() == null ? lookedAt : event.published();
            last = at.isAfter(last) ? at : last;
        }
        if (last.plus(Duration.ofMinutes(1)).isBefore(stream.created())) {
            return null; // it was made anew and remembers nothing of them
        }
        Duration wait =
                Duration.between(desk.now(), last.plus(stream.duplicateWindow()).plusSeconds(1));
        if (wait.compareTo(LONGEST_WINDOW) > 0) {
            return "the server remembers the ids of what was lost for another " + wait.toMinutes()
                    + " minutes (duplicate window " + stream.duplicateWindow()
                    + ") and would not take them: run this again then, or shorten the stream's window first";
        }
        if (wait.compareTo(Duration.ZERO) > 0) {
            if (wait.compareTo(SILENCE) > 0) {
                say("Waiting for " + wait.toSeconds()
                        + " s: until then the server remembers the ids of what was lost.");
            }
            TimeUnit.MILLISECONDS.sleep(wait.toMillis() + 1);
        }
        return null;
    }

    private @Nullable String handOver(List<HeldEvent> lost, Instant lookedAt)
            throws DeskException, InterruptedException {
        ProgressLine progress = new ProgressLine(err, "events", "handed over");
        int most = wish.rate() == 0 ? BATCH : Math.min(BATCH, Math.max(1, wish.rate() / 10));
        long begin = System.nanoTime();
        int at = 0;
        while (at < lost.size()) {
            if (!awaitRoom()) {
                return String.format("%,d of %,d were handed over: ", at, lost.size()) + stuck();
            }
            if (wish.rate() > 0) {
                long due = begin + TimeUnit.SECONDS.toNanos(at) / wish.rate();
                TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
            }
            int end = end(lost, at, most);
            report.handedOver(desk.handOver(tenant, ids(lost.subList(at, end)), lookedAt));
            at = end;
            progress.at(at, lost.size());
        }
        return null;
    }

    private static int end(List<HeldEvent> lost, int from, int most) {
        long bytes = 0;
        int end = from;
        while (end < lost.size() && end - from < most && (end == from || bytes < BATCH_BYTES)) {
            bytes += lost.get(end).bytes();
            end++;
        }
        return end;
    }

    private static List<UUID> ids(List<HeldEvent> events) {
        return events.stream().map(HeldEvent::id).toList();
    }

    /**
     * Waits while the relay has plenty to send, or the slot keeps half of its WAL budget; what waits then goes out, and
     * that is enough to be sure that it is not this which fills it.
     *
     * @return false when nothing has gone out for a minute
     */
    private boolean awaitRoom() throws DeskException, InterruptedException {
        return await(waiting -> waiting.events() < MOST_WAITING
                && waiting.bytes() < MOST_BYTES_WAITING
                && (waiting.events() == 0 || desk.slot("0/0").retainedBytes() < walBytes));
    }

    private interface Enough {
        boolean is(RepublishDesk.Waiting waiting) throws DeskException;
    }

    private boolean await(Enough enough) throws DeskException, InterruptedException {
        long first = -1;
        long since = System.nanoTime();
        while (true) {
            RepublishDesk.Waiting waiting = desk.waiting(tenant, MOST_WAITING);
            if (enough.is(waiting)) {
                return true;
            }
            if (waiting.first() != first) {
                first = waiting.first();
                since = System.nanoTime();
            } else if (System.nanoTime() - since > PATIENCE.toNanos()) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
    }

    private String stuck() {
        return "the relay has sent none of those that wait for " + PATIENCE.toSeconds()
                + " s. outbox-relay status --tenant " + Printable.of(tenant)
                + " says why; they go out by themselves, and run this again for the rest";
    }

    /** Waits until everything is out, and looks what became of it. */
    private @Nullable String follow(List<HeldEvent> lost) throws DeskException, InterruptedException {
        boolean done = await(waiting -> waiting.events() == 0);
        for (int from = 0; from < lost.size(); from += MOST_WAITING) {
            report.outcome(desk.states(ids(lost.subList(from, Math.min(lost.size(), from + MOST_WAITING)))));
        }
        if (!done) {
            return "all were handed over, and some still wait: " + stuck();
        }
        return report.dead() > 0
                ? String.format(
                        "%,d are dead letters now: outbox-relay dlq list --tenant %s",
                        report.dead(), Printable.of(tenant))
                : null;
    }

    private void say(String text) {
        err.println(text);
        err.flush();
    }
}
