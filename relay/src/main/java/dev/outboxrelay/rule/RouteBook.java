package dev.outboxrelay.rule;

import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The rules in force: those of the table by their priority, then those of the file in their order. A row that cannot be
 * used leaves the last good one of its name in force.
 *
 * <p>One thread writes; {@link #rules} may be asked by any.
 */
public final class RouteBook {

    private static final Comparator<RouteRow> ORDER = Comparator.comparingInt(RouteRow::priority)
            .thenComparing(row -> row.rule().name());

    private final List<RouteRule> fixed;
    private final Map<String, RouteRow> rows = new HashMap<>();
    private volatile RouteRules rules;

    /** @param fixed the rules of the file, in their order */
    public RouteBook(List<RouteRule> fixed) {
        this.fixed = List.copyOf(fixed);
        this.rules = RouteRules.of(fixed);
    }

    /** What is in force at this moment. Any thread. */
    public RouteRules rules() {
        return rules;
    }

    /**
     * Replaces what was known of the table.
     *
     * @param json every row as a JSON object, by name
     * @return what is wrong, by name
     */
    public Map<String, String> load(Map<String, String> json) {
        Map<String, String> problems = new LinkedHashMap<>();
        rows.keySet().retainAll(json.keySet());
        json.forEach((name, row) -> put(name, row).ifPresent(why -> problems.put(name, why)));
        renew();
        return problems;
    }

    /**
     * Takes a row that was written.
     *
     * @param json the row as a JSON object
     * @return what is wrong with it; then nothing has changed
     */
    public Optional<String> change(String name, String json) {
        Optional<String> problem = put(name, json);
        renew();
        return problem;
    }

    /** Takes note that a row was deleted. */
    public void remove(String name) {
        rows.remove(name);
        renew();
    }

    private Optional<String> put(String name, String json) {
        RouteRow.Result read = RouteRow.read(name, json);
        if (read instanceof RouteRow.Result.Broken broken) {
            return Optional.of(broken.error());
        }
        if (read instanceof RouteRow.Result.Off) {
            rows.remove(name);
        } else if (read instanceof RouteRow.Result.On on) {
            rows.put(name, on.row());
        }
        return Optional.empty();
    }

    private void renew() {
        rules = RouteRules.of(Stream.concat(rows.values().stream().sorted(ORDER).map(RouteRow::rule), fixed.stream())
                .toList());
    }
}
