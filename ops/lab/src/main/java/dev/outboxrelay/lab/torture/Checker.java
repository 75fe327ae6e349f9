package dev.outboxrelay.lab.torture;

import dev.outboxrelay.lab.torture.Violation.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Compares one tenant's rows with its stream. Pure, and written from the contract alone: nothing of the relay is in it.
 *
 * <p>One checker for one tenant.
 */
final class Checker {

    /** What a relay has in flight for a tenant at most, by default. */
    private static final int WINDOW = 500;

    /** Version 1; the fields that are looked at are the term, the slot and the id. */
    private static final Pattern POSITION =
            Pattern.compile("1;(\\d+);\\d+;\\d+;([a-z0-9_]+);[0-9A-F]+/[0-9A-F]+;[0-9A-F]+/[0-9A-F]+;\\d+;(.+)");

    private static final Set<String> OURS = Set.of(
            "Nats-Msg-Id",
            "Nats-Expected-Stream",
            "Nats-Expected-Last-Sequence",
            "Outbox-Tenant",
            "Outbox-Committed-At",
            "Outbox-Position");

    private final String tenant;
    private final String slot;
    private final Settle settle;
    private final Function<String, @Nullable String> tenantOf;
    private final List<Violation> violations = new ArrayList<>();
    private long late;
    private int lateSinceHandOver;

    /**
     * A checker.
     *
     * @param tenantOf whose event an id is, of those that were committed; null for nobody's
     */
    Checker(String tenant, String slot, Settle settle, Function<String, @Nullable String> tenantOf) {
        this.tenant = tenant;
        this.slot = slot;
        this.settle = settle;
        this.tenantOf = tenantOf;
    }

    /**
     * Everything that is wrong.
     *
     * @param rows by number
     * @param stream null when there is none
     */
    List<Violation> check(List<Expected> rows, @Nullable StreamContents stream) {
        Map<String, Expected> byId = new HashMap<>();
        for (Expected row : rows) {
            if (row.number() != byId.size()) {
                violation(Kind.HARNESS, row.text() + " comes after " + byId.size() + " rows");
            }
            byId.put(row.id(), row);
        }
        Set<String> found = stream == null ? Set.of() : messages(byId, stream);
        rows.forEach(row -> row(row, found.contains(row.id())));
        return List.copyOf(violations);
    }

    /**
     * Messages that an earlier leader had sent and the network gave up after its successor's first. What a server takes
     * of them is due at just that place (everything else here is checked of them as of any other), and there are no
     * more of them than can be in flight: a leader that goes on after its successor shows.
     */
    long late() {
        return late;
    }

    private Set<String> messages(Map<String, Expected> byId, StreamContents stream) {
        List<Stored> messages = stream.messages();
        if (!messages.isEmpty() && (stream.first() != 1 || stream.last() != messages.size())) {
            violation(
                    Kind.TRUNCATED,
                    "stream " + stream.name() + " holds " + messages.size() + " messages, sequences " + stream.first()
                            + " to " + stream.last());
        }
        Set<String> found = new HashSet<>();
        long highest = -1;
        long term = 0;
        for (Stored message : messages) {
            Expected row = byId.get(message.id());
            if (row == null) {
                stranger(stream, message);
                continue;
            }
            String at = row.text() + ", sequence " + message.sequence() + " of " + stream.name();
            if (!found.add(row.id())) {
                violation(Kind.DOUBLED, at);
                continue;
            }
            if (!row.isDeliverable()) {
                violation(Kind.POISON_PUBLISHED, at);
            }
            if (row.number() < highest) {
                violation(Kind.OUT_OF_ORDER, at + ", behind number " + highest);
            }
            highest = Math.max(highest, row.number());
            contents(row, message, at);
            term = headers(row, stream.name(), message, at, term);
        }
        return found;
    }

    private void stranger(StreamContents stream, Stored message) {
        String owner = tenantOf.apply(message.id());
        String at = "message '" + message.id() + "', sequence " + message.sequence() + " of " + stream.name();
        if (owner == null) {
            violation(Kind.NOT_COMMITTED, at);
        } else {
            violation(Kind.WRONG_STREAM, at + ", is of tenant " + owner);
        }
    }

    private void contents(Expected row, Stored message, String at) {
        if (!message.subject().equals(row.subject())) {
            violation(Kind.WRONG_SUBJECT, at + ": " + message.subject() + " instead of " + row.subject());
        }
        if (!message.digest().equals(row.digest())) {
            violation(Kind.WRONG_BYTES, at);
        }
    }

    /** Looks at the headers and returns the term. */
    private long headers(Expected row, String stream, Stored message, String at, long before) {
        Map<String, List<String>> headers = message.headers();
        header(headers, "Outbox-Tenant", tenant, at);
        header(headers, "Outbox-Committed-At", row.committedAt(), at);
        header(headers, "Nats-Expected-Stream", stream, at);
        if (headers.containsKey("Nats-Expected-Last-Sequence")) {
            // without it (the chain switched off) it is the order that shows
            header(headers, "Nats-Expected-Last-Sequence", Long.toString(message.sequence() - 1), at);
        }
        row.headers().forEach((name, value) -> header(headers, name, value, at));
        for (String name : headers.keySet()) {
            if (!OURS.contains(name) && !row.headers().containsKey(name)) {
                violation(Kind.WRONG_HEADERS, at + ": has a header " + name);
            }
        }
        List<String> position = headers.getOrDefault("Outbox-Position", List.of());
        Matcher fields = POSITION.matcher(position.size() == 1 ? position.get(0) : "");
        if (!fields.matches()
                || !fields.group(2).equals(slot)
                || !fields.group(3).equals(row.id())) {
            violation(Kind.WRONG_HEADERS, at + ": Outbox-Position is " + position);
            return before;
        }
        long term = Long.parseLong(fields.group(1));
        if (term > before) {
            lateSinceHandOver = 0;
        } else if (term < before) {
            late++;
            if (++lateSinceHandOver > WINDOW) {
                violation(Kind.WRONG_HEADERS, at + ": a leader of term " + term + " after one of term " + before);
            }
        }
        return Math.max(before, term);
    }

    private void header(Map<String, List<String>> headers, String name, String value, String at) {
        List<String> values = headers.getOrDefault(name, List.of());
        if (!values.equals(List.of(value))) {
            violation(Kind.WRONG_HEADERS, at + ": " + name + " is " + values + " instead of '" + value + "'");
        }
    }

    private void row(Expected row, boolean stored) {
        Expected.Dead dead = row.dead();
        if (row.row() != null && !row.row().faithful()) {
            violation(Kind.HARNESS, row.text() + ": the outbox has something else than was written");
        }
        if (row.isDeliverable()) {
            if (dead != null) {
                violation(Kind.UNEXPECTED_DEAD_LETTER, row.text() + ": " + dead.reason());
            } else if (!stored) {
                violation(Kind.LOST, row.text() + status(row));
            } else {
                status(row, settle.wrongWhenStored(row.row()));
            }
            return;
        }
        if (dead == null) {
            if (!stored) {
                violation(Kind.LOST, row.text() + status(row) + ": no dead letter");
            }
            return;
        }
        if (!dead.reason().equals(row.reason()) || !dead.state().equals("dead") || !dead.faithful()) {
            violation(
                    Kind.WRONG_DEAD_LETTER,
                    row.text() + ": reason " + dead.reason() + ", state " + dead.state()
                            + (dead.faithful() ? "" : ", contents differ"));
        }
        status(row, settle.wrongWhenDead(row.row()));
    }

    private static String status(Expected row) {
        return row.row() == null ? ", the row is gone" : ", status " + row.row().status();
    }

    private void status(Expected row, @Nullable String wrong) {
        if (wrong != null) {
            violation(Kind.WRONG_STATUS, row.text() + ": " + wrong);
        }
    }

    private void violation(Kind kind, String text) {
        violations.add(new Violation(kind, tenant, text));
    }
}
