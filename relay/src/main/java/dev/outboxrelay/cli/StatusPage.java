package dev.outboxrelay.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** An answer of {@code /api/status}, for people. The relay has put the tenants in order and found the words. */
final class StatusPage {

    private static final int LONGEST_REASON = 110;
    private static final List<String> ORDER =
            List.of("losing", "blocked", "parked", "starved", "degraded", "slow", "fine");

    private final JsonNode status;
    private final Instant now;

    StatusPage(JsonNode status, Instant now) {
        this.status = status;
        this.now = now;
    }

    Optional<JsonNode> tenant(String id) {
        for (JsonNode tenant : status.path("tenants")) {
            if (tenant.path("tenant").asText().equals(id)) {
                return Optional.of(tenant);
            }
        }
        return Optional.empty();
    }

    /** Why a tenant is not to be seen. */
    String unknown(String id) {
        return isStandby()
                ? "This instance stands by and sees no tenants: ask the one that leads (--url)."
                : "The relay knows no tenant " + Printable.of(id)
                        + ": no event of it came since this instance leads, and it has no stream and no dead letter."
                        + " Ids are case-sensitive.";
    }

    private boolean isStandby() {
        return status.path("role").asText().equals("standby");
    }

    /** All tenants: a line for each of the first, and one for the others. */
    void print(int limit, PrintWriter out) {
        printHead(out);
        List<JsonNode> tenants = new ArrayList<>();
        status.path("tenants").forEach(tenants::add);
        if (isStandby()) {
            out.println("This instance stands by and sees no tenants: ask the one that leads (--url).");
            return;
        }
        printCounts(tenants, out);
        if (tenants.isEmpty()) {
            return;
        }
        out.println();
        TextTable table = new TextTable(
                "TENANT", "STREAM", "FARES", "LAG", "IN FLIGHT", "PARKED", "DEAD", "WORST CONSUMER", "WHY");
        tenants.stream()
                .limit(limit)
                .forEach(tenant -> table.add(
                        text(tenant, "tenant"),
                        text(tenant, "stream"),
                        text(tenant, "suffering"),
                        lag(count(tenant, "queued") + count(tenant, "in_flight"), seconds(tenant)),
                        number(count(tenant, "in_flight")),
                        number(count(tenant, "parked")),
                        dead(tenant),
                        worstConsumer(tenant),
                        shortReason(tenant)));
        if (tenants.size() > limit) {
            addOthers(tenants.subList(limit, tenants.size()), table);
        }
        table.print(out);
    }

    /** What the others have together, and the worst of it. */
    private static void addOthers(List<JsonNode> others, TextTable table) {
        long waiting = 0;
        long inFlight = 0;
        long parked = 0;
        long dead = 0;
        long pending = 0;
        double oldest = 0;
        for (JsonNode tenant : others) {
            waiting += count(tenant, "queued") + count(tenant, "in_flight");
            inFlight += count(tenant, "in_flight");
            parked += count(tenant, "parked");
            dead += count(tenant, "dead");
            oldest = Math.max(oldest, seconds(tenant));
            for (JsonNode consumer : tenant.path("consumers")) {
                pending = Math.max(pending, count(consumer, "pending"));
            }
        }
        table.add(
                "(" + number(others.size()) + " others)",
                "-",
                "at most " + text(others.get(0), "suffering"),
                lag(waiting, oldest),
                number(inFlight),
                number(parked),
                number(dead),
                "at most " + number(pending),
                "--limit shows more of them, --tenant one");
    }

    private void printHead(PrintWriter out) {
        out.println("Relay " + text(status, "version") + ": " + text(status, "role") + " for "
                + age(status.path("role_since").asText()) + "; " + end("PostgreSQL", status.path("source")) + "; "
                + (isStandby() ? "NATS not needed" : end("NATS", status.path("nats"))));
        JsonNode slot = status.path("slot");
        out.println("Slot " + text(slot, "name") + ": "
                + (slot.path("retained_bytes").isNumber()
                        ? size(count(slot, "retained_bytes")) + " of WAL kept, confirmed "
                                + size(count(slot, "lag_bytes")) + " behind its end"
                        : "not known now"));
        JsonNode lag = status.path("lag");
        if (lag.path("error").isTextual()) {
            out.println("The consumers cannot be looked at: " + text(lag, "error"));
        }
        status.path("policy_problems")
                .properties()
                .forEach(problem -> out.println("This policy cannot be used (the last good one counts): "
                        + Printable.of(problem.getKey()) + ": "
                        + Printable.of(problem.getValue().asText())));
    }

    private static void printCounts(List<JsonNode> tenants, PrintWriter out) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        ORDER.forEach(word -> counts.put(word, 0));
        tenants.forEach(tenant -> counts.merge(tenant.path("suffering").asText("fine"), 1, Integer::sum));
        counts.values().removeIf(count -> count == 0);
        List<String> parts = new ArrayList<>();
        counts.forEach((word, count) -> parts.add(number(count) + " " + word));
        out.println(number(tenants.size())
                + (tenants.size() == 1 ? " tenant" : " tenants")
                + (parts.isEmpty() ? "" : ": " + String.join(", ", parts)));
    }

    /** One tenant, with all that is known. */
    void print(JsonNode tenant, PrintWriter out) {
        printHead(out);
        out.println();
        String name = "Tenant " + text(tenant, "tenant") + ", stream " + text(tenant, "stream") + ": "
                + text(tenant, "suffering");
        JsonNode reasons = tenant.path("reasons");
        if (reasons.isEmpty()) {
            out.println(name + ". Nothing is stuck.");
        } else {
            out.println(name + ", because");
            int n = 1;
            for (JsonNode reason : reasons) {
                out.println("  " + n++ + ". " + Printable.of(reason.asText()));
            }
        }
        out.println("Lane: " + text(tenant, "state") + "; "
                + number(count(tenant, "queued")) + " queued, "
                + number(count(tenant, "in_flight")) + " in flight, "
                + number(count(tenant, "parked")) + " parked, "
                + dead(tenant) + " dead; since this instance leads "
                + number(count(tenant, "published")) + " published, "
                + number(count(tenant, "duplicates")) + " found in the stream already"
                + (tenant.path("last_sequence").isNumber()
                        ? "; the stream's last sequence is " + number(count(tenant, "last_sequence"))
                        : "")
                + ".");
        JsonNode consumers = tenant.path("consumers");
        if (consumers.isEmpty()) {
            out.println("It has no durable consumer.");
            return;
        }
        TextTable table = new TextTable(
                "CONSUMER",
                "PENDING",
                "UNACKNOWLEDGED",
                "REDELIVERED",
                "PULLS WAITING",
                "DELIVERED/S",
                "LOST",
                "GAVE UP",
                "TROUBLE");
        for (JsonNode consumer : consumers) {
            long bound = count(consumer, "max_ack_pending");
            table.add(
                    text(consumer, "name"),
                    number(count(consumer, "pending")),
                    number(count(consumer, "ack_pending")) + (bound > 0 ? " of " + number(bound) : ""),
                    number(count(consumer, "redelivered")),
                    number(count(consumer, "waiting_pulls")),
                    String.format(
                            Locale.ROOT,
                            "%,.1f",
                            consumer.path("delivered_per_second").asDouble()),
                    number(count(consumer, "lost")),
                    number(count(consumer, "gave_up")),
                    text(consumer, "trouble"));
        }
        table.print(out);
    }

    private static String worstConsumer(JsonNode tenant) {
        JsonNode worst = tenant.path("consumers").path(0);
        if (worst.isMissingNode()) {
            return "-";
        }
        String trouble = worst.path("trouble").isTextual() ? " " + text(worst, "trouble") : "";
        return text(worst, "name") + " " + number(count(worst, "pending")) + trouble;
    }

    private static String shortReason(JsonNode tenant) {
        JsonNode reasons = tenant.path("reasons");
        if (reasons.isEmpty()) {
            return "";
        }
        String first = Printable.of(reasons.get(0).asText());
        String shown = first.length() > LONGEST_REASON ? first.substring(0, LONGEST_REASON) + "…" : first;
        return reasons.size() == 1 ? shown : shown + " (and " + (reasons.size() - 1) + " more)";
    }

    private static String lag(long events, double seconds) {
        return number(events) + (events > 0 && seconds >= 1 ? " (" + shown((long) seconds) + ")" : "");
    }

    private static String dead(JsonNode tenant) {
        return tenant.path("dead").isNumber() ? number(count(tenant, "dead")) : "?";
    }

    private static String end(String name, JsonNode end) {
        return end.path("connected").asBoolean()
                ? name + " connected"
                : name + " NOT connected"
                        + (end.path("last_error").isTextual() ? " (" + text(end, "last_error") + ")" : "");
    }

    private String age(String since) {
        try {
            return shown(Math.max(0, Duration.between(Instant.parse(since), now).toSeconds()));
        } catch (DateTimeParseException e) {
            return "an unknown time";
        }
    }

    private static String shown(long seconds) {
        if (seconds >= 86_400) {
            return seconds / 86_400 + " d " + seconds % 86_400 / 3_600 + " h";
        }
        if (seconds >= 3_600) {
            return seconds / 3_600 + " h " + seconds % 3_600 / 60 + " min";
        }
        return seconds >= 60 ? seconds / 60 + " min " + seconds % 60 + " s" : seconds + " s";
    }

    private static String size(long bytes) {
        return bytes < 1 << 20
                ? String.format(Locale.ROOT, "%,d kB", bytes >> 10)
                : String.format(Locale.ROOT, "%,d MB", bytes >> 20);
    }

    private static double seconds(JsonNode tenant) {
        return tenant.path("oldest_unsettled_seconds").asDouble();
    }

    private static String text(JsonNode node, String name) {
        JsonNode value = node.path(name);
        return value.isMissingNode() || value.isNull() ? "-" : Printable.of(value.asText());
    }

    private static long count(JsonNode node, String name) {
        return node.path(name).asLong();
    }

    private static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }
}
