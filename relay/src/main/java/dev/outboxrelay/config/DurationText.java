package dev.outboxrelay.config;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as people write them: {@code 100ms}, {@code 30s}, {@code 5m}, {@code 2h}, {@code 7d}, or ISO 8601. */
public final class DurationText {

    private static final Pattern SHORT = Pattern.compile("(\\d{1,15}) ?(ms|s|m|h|d)");
    private static final Map<String, ChronoUnit> UNITS = Map.of(
            "ms", ChronoUnit.MILLIS,
            "s", ChronoUnit.SECONDS,
            "m", ChronoUnit.MINUTES,
            "h", ChronoUnit.HOURS,
            "d", ChronoUnit.DAYS);

    private DurationText() {}

    /** A duration between two texts of this same form, both included. */
    static SettingType<Duration> between(String least, String most) {
        Duration from = parse(least).orElseThrow();
        Duration to = parse(most).orElseThrow();
        String description = "a duration from %s to %s (100ms, 30s, 5m, 2h, 7d or ISO 8601)".formatted(least, most);
        return SettingTypes.parsed(
                description,
                text -> parse(text).filter(given -> given.compareTo(from) >= 0 && given.compareTo(to) <= 0));
    }

    /** Reads one; empty where the text is none. */
    public static Optional<Duration> parse(String text) {
        Matcher written = SHORT.matcher(text);
        try {
            return Optional.of(
                    written.matches()
                            ? Duration.of(Long.parseLong(written.group(1)), UNITS.get(written.group(2)))
                            : Duration.parse(text));
        } catch (DateTimeException | ArithmeticException e) {
            return Optional.empty();
        }
    }
}
