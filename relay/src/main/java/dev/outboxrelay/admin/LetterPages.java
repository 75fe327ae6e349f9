package dev.outboxrelay.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * A tenant's dead letters: a list, one with its payload, and what is decided about them.
 *
 * <p>Whoever may read the status may read the list. Headers, payload and every action want the token. Each request asks
 * the database, so only {@value #AT_ONCE} run at once: others are told to come again.
 */
final class LetterPages {

    private static final Logger LOG = LoggerFactory.getLogger(LetterPages.class);
    private static final int AT_ONCE = 2;
    private static final int MOST_LISTED = 500;
    private static final int MOST_BODY = 32 * 1024;
    private static final Set<String> STATES = Set.of("dead", "replaying", "parked");
    private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");
    private static final Map<String, LetterOffice.Action> ACTIONS =
            Map.of("replay", LetterOffice.Action.REPLAY, "discard", LetterOffice.Action.DISCARD);

    private static final Set<String> ALL_FIELDS = Set.of("all", "after", "up_to");
    private static final Set<String> LETTERS_FIELDS = Set.of("letters");

    private final LetterOffice office;
    private final Gate gate;
    private final Semaphore places = new Semaphore(AT_ONCE);

    LetterPages(LetterOffice office, Gate gate) {
        this.office = office;
        this.gate = gate;
    }

    private interface Work {
        Reply run() throws IOException;
    }

    /** Whether a path is that of an action: {@code api/tenants/{id}/dead-letters/replay}. */
    static boolean isAction(List<String> parts) {
        return parts.size() == 5 && isLetters(parts) && ACTIONS.containsKey(parts.get(4));
    }

    private static boolean isLetters(List<String> parts) {
        return parts.get(0).equals("api")
                && parts.get(1).equals("tenants")
                && parts.get(3).equals("dead-letters");
    }

    /** The list, or one letter; empty if the path is neither. */
    Optional<Reply> read(List<String> parts, HttpExchange exchange) {
        if (parts.size() < 4 || !isLetters(parts)) {
            return Optional.empty();
        }
        String tenant = parts.get(2);
        if (tenant.indexOf('\0') >= 0) {
            return Optional.empty(); // no text of PostgreSQL has one, so nobody need be asked
        }
        if (parts.size() == 4) {
            return Optional.of(list(tenant, exchange));
        }
        if (parts.size() > 5 || !NUMBER.matcher(parts.get(4)).matches()) {
            return Optional.empty();
        }
        return Optional.of(gate.refuseWithoutToken(exchange).orElseGet(() -> show(tenant, parts.get(4), exchange)));
    }

    private Reply list(String tenant, HttpExchange exchange) {
        String asked = AdminPages.query(exchange, "state");
        Set<String> states =
                asked == null ? Set.of("dead", "replaying") : Set.copyOf(Arrays.asList(asked.split(",", -1)));
        String most = AdminPages.query(exchange, "limit");
        int limit = most == null || !most.matches("\\d{1,3}") ? 100 : Math.min(MOST_LISTED, Integer.parseInt(most));
        if (!STATES.containsAll(states) || limit == 0) {
            return Reply.problem(400, "state is dead, replaying or parked, or several with commas; limit is 1 to 500");
        }
        return asking(() -> {
            List<LetterOffice.Item> found = office.list(tenant, states, limit + 1);
            List<LetterOffice.Item> shown = found.subList(0, Math.min(limit, found.size()));
            return new Reply(200, Reply.JSON, StatusJson.of(Map.of("letters", shown, "more", found.size() > limit)))
                    .packedFor(exchange.getRequestHeaders().getFirst("Accept-Encoding"));
        });
    }

    private Reply show(String tenant, String seq, HttpExchange exchange) {
        return asking(() -> {
            Optional<LetterOffice.Whole> found = office.show(tenant, Long.parseLong(seq));
            if (found.isEmpty()) {
                return Reply.problem(404, "this tenant has no such letter (any more)");
            }
            log("show", tenant, exchange).addKeyValue("letter", seq).log("admin: a letter was shown whole");
            return new Reply(200, Reply.JSON, StatusJson.of(Map.of("letter", found.get())));
        });
    }

    /** Does what is asked for, if whoever asks may. */
    Reply act(String tenant, String word, HttpExchange exchange) throws IOException {
        Optional<Reply> refused = gate.refuseOtherSites(exchange).or(() -> gate.refuseWithoutToken(exchange));
        if (refused.isPresent()) {
            return refused.get();
        }
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        if (type == null || !type.toLowerCase(Locale.ROOT).matches("application/json\\s*(;.*)?")) {
            return Reply.problem(415, "this wants Content-Type: application/json");
        }
        byte[] body = exchange.getRequestBody().readNBytes(MOST_BODY + 1);
        if (body.length > MOST_BODY) {
            return Reply.problem(413, "this takes " + MOST_BODY + " bytes at most");
        }
        LetterOffice.Which which = tenant.indexOf('\0') >= 0 ? null : which(body);
        if (which == null) {
            return Reply.problem(
                    400,
                    "this wants {\"letters\": [1, 2, …]} with 1 to " + LetterOffice.MOST
                            + " numbers, or {\"all\": true}, then with after and up_to as they were answered");
        }
        return asking(() -> {
            LetterOffice.Done done = office.act(Objects.requireNonNull(ACTIONS.get(word)), tenant, which);
            log(word, tenant, exchange)
                    .addKeyValue(
                            "asked",
                            which.letters().isEmpty() ? "all" : which.letters().size())
                    .addKeyValue("changed", done.changed())
                    .addKeyValue("refused", done.refused())
                    .log("admin: dead letters were decided about");
            return new Reply(200, Reply.JSON, StatusJson.of(Map.of("done", done)));
        });
    }

    private static LoggingEventBuilder log(String action, String tenant, HttpExchange exchange) {
        return LOG.atInfo()
                .addKeyValue("action", action)
                .addKeyValue("tenant", printable(tenant))
                .addKeyValue("remote", Gate.remote(exchange));
    }

    /** No line of the log may look like another one. */
    private static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }

    /** What a body asks for; null if it cannot be read. */
    private static LetterOffice.@Nullable Which which(byte[] body) throws IOException {
        JsonNode json;
        try {
            json = StatusJson.read(body);
        } catch (JsonProcessingException e) {
            return null;
        }
        JsonNode all = json.path("all");
        if (all.isBoolean() && all.asBoolean() && hasOnly(json, ALL_FIELDS)) {
            return isCount(json.get("after")) && isCount(json.get("up_to"))
                    ? new LetterOffice.Which(
                            Set.of(),
                            json.path("after").asLong(0),
                            json.path("up_to").asLong(0))
                    : null;
        }
        if (!json.path("letters").isArray()) {
            return null;
        }
        Set<Long> letters = new HashSet<>();
        for (JsonNode letter : json.path("letters")) {
            if (!letter.isIntegralNumber() || !letter.canConvertToLong()) {
                return null;
            }
            letters.add(letter.asLong());
        }
        boolean fits = !letters.isEmpty() && letters.size() <= LetterOffice.MOST && hasOnly(json, LETTERS_FIELDS);
        return fits ? new LetterOffice.Which(letters, 0, 0) : null;
    }

    /** What is not understood may have been meant as a bound. */
    private static boolean hasOnly(JsonNode json, Set<String> fields) {
        for (Iterator<String> names = json.fieldNames(); names.hasNext(); ) {
            if (!fields.contains(names.next())) {
                return false;
            }
        }
        return true;
    }

    private static boolean isCount(@Nullable JsonNode number) {
        return number == null || (number.isIntegralNumber() && number.canConvertToLong() && number.asLong() >= 0);
    }

    private Reply asking(Work work) {
        if (!places.tryAcquire()) {
            return Reply.problem(503, "other requests are at the table of dead letters: try again")
                    .with("Retry-After", "1");
        }
        try {
            return work.run();
        } catch (IOException e) {
            LOG.warn("admin: the table of dead letters cannot be used: {}", e.getMessage());
            return Reply.problem(503, "the table of dead letters cannot be used now; the reason is in the relay's log");
        } finally {
            places.release();
        }
    }
}
