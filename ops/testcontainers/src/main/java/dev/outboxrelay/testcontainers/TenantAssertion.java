package dev.outboxrelay.testcontainers;

import io.nats.client.JetStreamApiException;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Says what a tenant's stream must hold, from its first message on or from {@link #after(long)}. Each check waits, by
 * default up to 30 seconds; an {@link AssertionError} shows what was expected, what was in the stream, and the tenant's
 * dead letters. Immutable.
 */
public final class TenantAssertion {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final String tenant;
    private final TenantStream stream;
    private final long after;
    private final Duration patience;

    TenantAssertion(String tenant, TenantStream stream) {
        this(tenant, stream, 0, PATIENCE);
    }

    private TenantAssertion(String tenant, TenantStream stream, long after, Duration patience) {
        this.tenant = tenant;
        this.stream = stream;
        this.after = after;
        this.patience = patience;
    }

    /** Waits longer, or not so long. */
    public TenantAssertion within(Duration time) {
        return new TenantAssertion(tenant, stream, after, time);
    }

    /** Leaves out what lies up to this sequence: that of an event that an earlier check returned. */
    public TenantAssertion after(long sequence) {
        return new TenantAssertion(tenant, stream, sequence, patience);
    }

    /** The stream gets events with these subjects in this order; others may lie between. Returns them. */
    public List<ReceivedEvent> receives(String... subjects) {
        return receives(events(subjects));
    }

    /** The stream gets these events in this order; others may lie between. Returns them. */
    public List<ReceivedEvent> receives(ExpectedEvent... expected) {
        long deadline = deadline();
        while (true) {
            List<ReceivedEvent> all = read();
            List<ReceivedEvent> found = find(all, expected);
            if (found.size() == expected.length) {
                return found;
            }
            if (isOver(deadline)) {
                throw failure(
                        "did not get, in this order and perhaps with others between,", expected, found.size(), all);
            }
            pause();
        }
    }

    /**
     * The stream has events with these subjects, in this order, and no others, once everything is there that was
     * committed before the call. Returns them.
     */
    public List<ReceivedEvent> receivesExactly(String... subjects) {
        return receivesExactly(events(subjects));
    }

    /**
     * The stream has these events, in this order, and no others, once everything is there that was committed before the
     * call. Returns them.
     */
    public List<ReceivedEvent> receivesExactly(ExpectedEvent... expected) {
        awaitWhatIsCommitted();
        List<ReceivedEvent> all = read();
        int fit = 0;
        while (fit < Math.min(all.size(), expected.length) && expected[fit].fits(all.get(fit))) {
            fit++;
        }
        if (fit < expected.length || all.size() > expected.length) {
            throw failure("did not get exactly", expected, fit, all);
        }
        return all;
    }

    /** The stream has nothing, once everything is there that was committed before the call: after a rollback, say. */
    public void receivesNothing() {
        receivesExactly(new ExpectedEvent[0]);
    }

    private static ExpectedEvent[] events(String... subjects) {
        return Arrays.stream(subjects).map(ExpectedEvent::event).toArray(ExpectedEvent[]::new);
    }

    private static List<ReceivedEvent> find(List<ReceivedEvent> all, ExpectedEvent... expected) {
        List<ReceivedEvent> found = new ArrayList<>();
        for (ReceivedEvent event : all) {
            if (found.size() < expected.length && expected[found.size()].fits(event)) {
                found.add(event);
            }
        }
        return found;
    }

    private void awaitWhatIsCommitted() {
        long deadline = deadline();
        try {
            String end = stream.walEnd();
            while (!stream.isSettledUpTo(end)) {
                if (isOver(deadline)) {
                    throw failure(
                            "still waits for what was committed before, among it", new ExpectedEvent[0], 0, read());
                }
                pause();
            }
        } catch (SQLException e) {
            throw new IllegalStateException("the database does not answer: " + e.getMessage(), e);
        }
    }

    private List<ReceivedEvent> read() {
        try {
            return stream.after(after);
        } catch (IOException | JetStreamApiException e) {
            throw new IllegalStateException("the stream of " + tenant + " cannot be read: " + e.getMessage(), e);
        }
    }

    private AssertionError failure(String what, ExpectedEvent[] expected, int fit, List<ReceivedEvent> all) {
        StringBuilder text = new StringBuilder("tenant " + tenant + " " + what + "\n");
        for (int i = 0; i < expected.length; i++) {
            text.append(i < fit ? "  ok       " : "  missing  ")
                    .append(expected[i])
                    .append('\n');
        }
        text.append(all.isEmpty() ? "its stream holds nothing\n" : "its stream holds\n");
        all.forEach(event -> text.append("  ").append(event).append('\n'));
        try {
            List<String> letters = stream.letters();
            if (!letters.isEmpty()) {
                text.append("not in its stream, but in outbox.dead_letter\n");
                letters.forEach(letter -> text.append("  ").append(letter).append('\n'));
            }
        } catch (SQLException e) {
            text.append("(dead letters cannot be read: ").append(e.getMessage()).append(")\n");
        }
        return new AssertionError(text.toString());
    }

    private long deadline() {
        return System.nanoTime() + patience.toNanos();
    }

    private static boolean isOver(long deadline) {
        return System.nanoTime() - deadline > 0;
    }

    private static void pause() {
        if (Thread.interrupted()) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for events");
        }
        LockSupport.parkNanos(PAUSE_NANOS);
    }
}
