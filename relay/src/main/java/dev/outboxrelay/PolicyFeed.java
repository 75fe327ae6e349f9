package dev.outboxrelay;

import dev.outboxrelay.policy.PolicyRow;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands policies on to those who use them: all rows when a session begins, then each change in its place among the
 * events. What cannot be used is said, and the last good one stays. On the source's thread, except {@link #problems}.
 */
final class PolicyFeed {

    private static final Logger log = LoggerFactory.getLogger(PolicyFeed.class);

    /** Most problems that are remembered. */
    private static final int REMEMBERED = 1_000;

    /** Who uses the policies of one table. Called on the source's thread; must not block. */
    interface Listener {

        /**
         * All rows of the table, at the start of a session, before any event; they replace what was known.
         *
         * @return what is wrong, by key; such a row does not count, and what was good before it stays
         */
        Map<String, String> loaded(List<PolicyRow> rows);

        /**
         * A row was changed or deleted: every event behind it was committed after that, and none before it is still to
         * come. It may be known already.
         *
         * @return what is wrong with it, in words; then it does not count
         */
        Optional<String> changed(PolicyRow row);
    }

    /** In the order in which they came: what is made for tenants depends on what holds for them. */
    private final Map<String, List<Listener>> listeners = new LinkedHashMap<>();

    private final Map<String, String> problems = new ConcurrentHashMap<>();

    /** @param object one of {@link PolicyRow}'s; before the session starts */
    void on(String object, Listener listener) {
        listeners.computeIfAbsent(object, unused -> new ArrayList<>()).add(listener);
    }

    void loaded(List<PolicyRow> rows) {
        problems.clear();
        listeners.forEach((object, all) -> {
            List<PolicyRow> own =
                    rows.stream().filter(row -> row.object().equals(object)).toList();
            all.forEach(listener ->
                    listener.loaded(own).forEach((key, why) -> report(new PolicyRow(object, key, null), why)));
        });
    }

    void changed(PolicyRow row) {
        problems.remove(name(row));
        for (Listener listener : listeners.getOrDefault(row.object(), List.of())) {
            listener.changed(row).ifPresent(why -> report(row, why));
        }
    }

    /** Rows that do not count, as {@code table key}, with why. Any thread. */
    Map<String, String> problems() {
        return Map.copyOf(problems);
    }

    private void report(PolicyRow row, String why) {
        if (problems.size() < REMEMBERED) {
            problems.put(name(row), why);
        }
        log.atWarn()
                .addKeyValue("policy", name(row))
                .addKeyValue("detail", why)
                .log("a policy cannot be used: the last good one stays");
    }

    private static String name(PolicyRow row) {
        return row.object() + ' ' + row.key();
    }
}
