package dev.outboxrelay.testing;

/** Where tests run their servers: {@code -Dservers=processes} (default) or {@code containers}. */
public enum ServerMode {
    PROCESSES,
    CONTAINERS;

    /** Returns what the system property says; throws for any other word. */
    static ServerMode current() {
        String word = property("servers", "processes");
        return switch (word) {
            case "processes" -> PROCESSES;
            case "containers" -> CONTAINERS;
            default -> throw new IllegalArgumentException("-Dservers=" + word + ": say either processes or containers");
        };
    }

    /** Returns a system property; one that is empty, as an unset one that Maven passes on, counts as missing. */
    static String property(String name, String otherwise) {
        String value = System.getProperty(name, "");
        return value.isEmpty() ? otherwise : value;
    }
}
