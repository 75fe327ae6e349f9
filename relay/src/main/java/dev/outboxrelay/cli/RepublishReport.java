package dev.outboxrelay.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outboxrelay.dlq.HeldEvent;
import dev.outboxrelay.dlq.State;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.streams.StreamKeeps;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What was found of a tenant, and what became of it. Filled step by step, then printed. */
final class RepublishReport {

    private final Address address;
    private final boolean dryRun;
    private final Map<State, Long> outcome = new EnumMap<>(State.class);
    private final List<HeldEvent> lost = new ArrayList<>();
    private @Nullable StreamKeeps stream;
    private Map<State, Long> others = Map.of();
    private long held;
    private long dropped;
    private long gone;
    private long handedOver;
    private boolean followed;

    RepublishReport(Address address, boolean dryRun) {
        this.address = address;
        this.dryRun = dryRun;
    }

    void held(long events, Map<State, Long> decided, long droppedByRules) {
        held = events;
        others = decided;
        dropped = droppedByRules;
    }

    /** @param now null when there is none */
    void stream(@Nullable StreamKeeps now) {
        stream = now;
    }

    void gone(long events) {
        gone = events;
    }

    void lost(List<HeldEvent> events) {
        lost.addAll(events);
    }

    void handedOver(long events) {
        handedOver += events;
    }

    void outcome(Map<State, Long> states) {
        followed = true;
        states.forEach((state, events) -> outcome.merge(state, events, Long::sum));
    }

    long dead() {
        return outcome.getOrDefault(State.DEAD, 0L);
    }

    private @Nullable Instant edge(boolean oldest) {
        Instant edge = null;
        for (HeldEvent event : lost) {
            Instant at = event.publishedAtEarliest();
            if (edge == null || (oldest ? at.isBefore(edge) : at.isAfter(edge))) {
                edge = at;
            }
        }
        return edge;
    }

    private long inStream() {
        return held - gone - lost.size();
    }

    ObjectNode json() {
        ObjectNode all = LetterJson.object();
        all.put("tenant_id", address.tenant().value());
        all.put("stream", address.stream().value());
        all.put("stream_exists", stream != null);
        all.put("stream_created", text(stream == null ? null : stream.created()));
        all.put("stream_first_at", text(stream == null ? null : stream.firstAt()));
        all.put("dry_run", dryRun);
        all.put("held", held);
        all.put("in_stream", inStream());
        all.put("gone_by_limits", gone);
        all.put("dropped_by_rules", dropped);
        ObjectNode left = all.putObject("left_alone");
        others.forEach((state, events) -> left.put(state.code(), events));
        all.put("lost", lost.size());
        all.put("oldest_lost", text(edge(true)));
        all.put("newest_lost", text(edge(false)));
        all.put("handed_over", handedOver);
        if (followed) {
            ObjectNode ended = all.putObject("outcome");
            outcome.forEach((state, events) -> ended.put(state.code(), events));
        }
        return all;
    }

    private static @Nullable String text(@Nullable Instant time) {
        return time == null ? null : time.toString();
    }

    void print(PrintWriter out) {
        out.printf(
                "tenant %s: outbox.message holds %,d events that are not on their way%n",
                Printable.of(address.tenant().value()), held);
        StreamKeeps known = stream;
        if (known == null) {
            out.println("there is no stream " + address.stream() + ": the relay makes it");
        } else {
            out.printf(
                    "stream %s, made %s%s: it has %,d of them%n",
                    address.stream(),
                    known.created(),
                    known.firstAt() == null ? ", empty" : ", its first message of " + known.firstAt(),
                    inStream());
        }
        if (gone > 0) {
            out.printf(
                    "%,d are gone as the stream's limits ask: left alone (--also-expired publishes them too)%n", gone);
        }
        if (dropped > 0) {
            out.printf("%,d more are dropped by routing rules: left alone%n", dropped);
        }
        others.forEach((state, events) -> out.printf("%,d more are %s: left alone%n", events, state.code()));
        out.printf(
                "%,d are lost%s%n",
                lost.size(), lost.isEmpty() ? "" : ", published from " + edge(true) + " to " + edge(false));
        if (!dryRun) {
            out.printf("%,d handed over to the relay%n", handedOver);
        } else if (!lost.isEmpty()) {
            out.println("Nothing was done: without --dry-run they are handed over to the relay.");
        }
        if (followed) {
            out.printf("%,d of them are published%n", outcome.getOrDefault(State.REPLAYED, 0L));
            outcome.forEach((state, events) -> {
                if (state != State.REPLAYED) {
                    out.printf("%,d of them are %s%n", events, state.code());
                }
            });
        }
    }
}
