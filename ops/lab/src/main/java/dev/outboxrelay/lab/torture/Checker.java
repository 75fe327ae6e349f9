package dev.outboxrelay.lab.torture;

import dev.outboxrelay.lab.torture.Violation.Kind;
import java.util.ArrayList;
import java.util.HashMap;
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
            Pattern.compile("1;(\\d+);\\d+;\\d+;([a-z0-9_]+);[0-9A-F]+/[0-9A-F]+;[0-9A-F]+/[0-9A-F]+;\\d+;(.*)");

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

    /** Where each of the tenant's events is, counted over all parts. */
    private final Map<String, Integer> places = new HashMap<>();

    private long highest = -1;
    private long term;
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
        return check(rows, stream, Operated.NOT_AT_ALL);
    }

    /**
     * The same for a tenant with which operators had to do. What its earlier streams held counts as if it were in front
     * of the stream. Parked events are events like any other. Replayed ones may be anywhere, but those of one command
     * are in the order of their arrival.
     */
    List<Violation> check(List<Expected> rows, @Nullable StreamContents stream, Operated operated) {
        Map<String, Expected> byId = new HashMap<>();
        for (Expected row : rows) {
            if (row.number() != byId.size()) {
                violation(Kind.HARNESS, row.text() + " comes after " + byId.size() + " rows");
            }
            byId.put(row.id(), row);
        }
        List<StreamContents> parts = new ArrayList<>(operated.archives());
        if (stream != null) {
            parts.add(stream);
        }
        for (StreamContents part : parts) {
            messages(byId, part);
        }
        operated.commands().forEach(command -> command(byId, command));
        rows.forEach(row -> row(row, places.containsKey(row.id()), operated.limited()));
        return List.copyOf(violations);
    }

    /** Who was dead again meanwhile may have gone with a later command; the caller leaves those out. */
    private void command(Map<String, Expected> byId, List<String> command) {
        int highest = -1;
        for (String id : command) {
            Expected row = byId.get(id);
            Integer place = places.get(id);
            if (row == null || place == null || !row.isReplayed()) {
                continue;
            }
            if (place < highest) {
                violation(Kind.OUT_OF_ORDER, row.text() + " was replayed behind a later letter of the same command");
            }
            highest = Math.max(highest, place);
        }
    }

    /**
     * Messages that an earlier leader had sent and the network gave up after its successor's first. What a server takes
     * of them is due at just that place (everything else here is checked of them as of any other), and there are no
     * more of them than can be in flight: a leader that goes on after its successor shows.
     */
    long late() {
        return late;
    }

    private void messages(Map<String, Expected> byId, StreamContents stream) {
        List<Stored> messages = stream.messages();
        if (!messages.isEmpty() && (stream.first() != 1 || stream.last() != messages.size())) {
            violation(
                    Kind.TRUNCATED,
                    "stream " + stream.name() + " holds " + messages.size() + " messages, sequences " + stream.first()
                            + " to " + stream.last());
        }
        for (Stored message : messages) {
            Expected row = byId.get(message.id());
            if (row == null) {
                stranger(stream, message);
                continue;
            }
            String at = row.text() + ", sequence " + message.sequence() + " of " + stream.name();
            if (places.putIfAbsent(row.id(), places.size()) != null) {
                violation(Kind.DOUBLED, at);
                continue;
            }
            if (!row.isDeliverable() && !row.isReplayed()) {
                violation(Kind.POISON_PUBLISHED, at);
            }
            if (!row.isReplayed()) {
                if (row.number() < highest) {
                    violation(Kind.OUT_OF_ORDER, at + ", behind number " + highest);
                }
                highest = Math.max(highest, row.number());
            }
            contents(row, message, at);
            term = headers(row, stream.name(), message, at, term);
        }
    }

    /** What was written, or what an operator made of it. */
    private static Mending mending(Expected row) {
        return row.isReplayed() ? row.mending().orElse(Mending.NOTHING) : Mending.NOTHING;
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
        String subject = mending(row).subject(tenant, row);
        if (!message.subject().equals(subject)) {
            violation(Kind.WRONG_SUBJECT, at + ": " + message.subject() + " instead of " + subject);
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
        Map<String, String> own = mending(row).headers(row);
        own.forEach((name, value) -> header(headers, name, value, at));
        for (String name : headers.keySet()) {
            if (!OURS.contains(name) && !own.containsKey(name)) {
                violation(Kind.WRONG_HEADERS, at + ": has a header " + name);
            }
        }
        List<String> position = headers.getOrDefault("Outbox-Position", List.of());
        Matcher fields = POSITION.matcher(position.size() == 1 ? position.get(0) : "");
        if (!fields.matches() || !fields.group(2).equals(slot) || !namesTheRightEvent(row, fields.group(3))) {
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

    /** A message from the backlog names the last live event before it, if there was one. */
    private static boolean namesTheRightEvent(Expected row, String id) {
        return id.equals(row.id()) || row.dead() != null;
    }

    private void header(Map<String, List<String>> headers, String name, String value, String at) {
        List<String> values = headers.getOrDefault(name, List.of());
        if (!values.equals(List.of(value))) {
            violation(Kind.WRONG_HEADERS, at + ": " + name + " is " + values + " instead of '" + value + "'");
        }
    }

    private void row(Expected row, boolean stored, boolean limited) {
        Expected.Dead dead = row.dead();
        if (row.row() != null && !row.row().faithful()) {
            violation(Kind.HARNESS, row.text() + ": the outbox has something else than was written");
        }
        if (dead == null) {
            undisturbed(row, stored);
            return;
        }
        if (!dead.faithful()) {
            violation(Kind.WRONG_DEAD_LETTER, row.text() + ": contents differ");
        }
        switch (dead.state()) {
            case "sent" -> stored(row, stored, row.isDeliverable());
            case "replayed" ->
                stored(
                        row,
                        stored,
                        isRightfullyDead(row, dead, limited) && row.mending().isPresent());
            case "dead" -> dead(row, stored, isRightfullyDead(row, dead, limited) && !row.isDeliverable());
            case "discarded" -> dead(row, stored, isRightfullyDead(row, dead, limited));
            default -> violation(Kind.WRONG_DEAD_LETTER, row.text() + " is still " + dead.state());
        }
    }

    private void undisturbed(Expected row, boolean stored) {
        if (!stored) {
            violation(Kind.LOST, row.text() + status(row) + (row.isDeliverable() ? "" : ": no dead letter"));
        } else if (row.isDeliverable()) {
            status(row, wrongWhenStored(row));
        }
    }

    /**
     * A row that breaks no rule is dead by right only where its stream took small messages only; one that breaks a
     * rule, for that, or because such a stream refused it once an operator had corrected it.
     */
    private static boolean isRightfullyDead(Expected row, Expected.Dead dead, boolean limited) {
        boolean refused = limited && "stream_rejected".equals(dead.reason());
        return row.isDeliverable()
                ? refused
                : String.valueOf(row.reason()).equals(dead.reason())
                        || (refused && row.mending().isPresent());
    }

    private void stored(Expected row, boolean stored, boolean rightful) {
        if (!rightful) {
            wrongLetter(row);
        }
        if (!stored) {
            violation(Kind.LOST, row.text() + status(row) + ", its letter says that it was sent");
        } else {
            status(row, wrongWhenStored(row));
        }
    }

    private void dead(Expected row, boolean stored, boolean rightful) {
        if (!rightful) {
            wrongLetter(row);
        } else if (stored && row.isDeliverable()) {
            violation(Kind.DISCARDED_PUBLISHED, row.text());
        } else {
            status(row, wrongWhenDead(row));
        }
    }

    private void wrongLetter(Expected row) {
        Expected.Dead dead = row.dead();
        violation(
                row.isDeliverable() ? Kind.UNEXPECTED_DEAD_LETTER : Kind.WRONG_DEAD_LETTER,
                row.text() + (dead == null ? "" : ": reason " + dead.reason() + ", state " + dead.state()));
    }

    private @Nullable String wrongWhenStored(Expected row) {
        return row.isEmitted() ? wrongWhenEmitted(row) : settle.wrongWhenStored(row.row());
    }

    private @Nullable String wrongWhenDead(Expected row) {
        return row.isEmitted() ? wrongWhenEmitted(row) : settle.wrongWhenDead(row.row());
    }

    private static @Nullable String wrongWhenEmitted(Expected row) {
        return row.row() == null ? null : "there is a row, and it was emitted";
    }

    private static String status(Expected row) {
        return row.isEmitted()
                ? ", without a row"
                : row.row() == null
                        ? ", the row is gone"
                        : ", status " + row.row().status();
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
