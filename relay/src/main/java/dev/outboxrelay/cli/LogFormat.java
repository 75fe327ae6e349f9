package dev.outboxrelay.cli;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a line of the log looks like. Like the level it is said in the environment alone, since the first line may come
 * before any configuration was read; logback.xml reads the system property of the same name, and would log nothing at
 * all for a word that it does not know.
 */
final class LogFormat {

    static final String VARIABLE = "OUTBOX_LOG_FORMAT";

    private LogFormat() {}

    /** Makes it known to logback, before the first logger is made. What is wrong is returned in words. */
    static Optional<String> apply(Map<String, String> environment) {
        String word = environment.getOrDefault(VARIABLE, "").strip().toLowerCase(Locale.ROOT);
        if (!word.isEmpty() && !word.equals("text") && !word.equals("json")) {
            return Optional.of(VARIABLE + " is '" + Printable.of(word) + "', but has to be text or json");
        }
        System.setProperty(VARIABLE, word.isEmpty() ? "text" : word);
        return Optional.empty();
    }
}
