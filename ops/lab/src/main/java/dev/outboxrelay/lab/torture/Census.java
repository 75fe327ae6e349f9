package dev.outboxrelay.lab.torture;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Counts for the final table, in order of their coming. One thread. */
final class Census {

    private final Map<String, String> rows = new LinkedHashMap<>();

    void count(String name, long value) {
        rows.put(name, String.format(Locale.ROOT, "%,d", value));
    }

    void text(String name, String value) {
        rows.put(name, value);
    }

    Map<String, String> rows() {
        return rows;
    }
}
