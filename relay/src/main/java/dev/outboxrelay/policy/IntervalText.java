package dev.outboxrelay.policy;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Intervals as PostgreSQL writes them in ISO 8601. A month is 30 days and a year twelve months, as it compares them.
 */
public final class IntervalText {

    private static final String NUMBER = "(-?\\d{1,9})";

    private static final Pattern WRITTEN = Pattern.compile("P(?:" + NUMBER + "Y)?(?:" + NUMBER + "M)?(?:" + NUMBER
            + "D)?(?:T(?:" + NUMBER + "H)?(?:" + NUMBER + "M)?(?:(-?\\d{1,9}(?:\\.\\d{1,9})?)S)?)?");

    private IntervalText() {}

    /** Reads one; empty where the text is none, or none that has an end. */
    public static Optional<Duration> parse(String text) {
        Matcher parts = WRITTEN.matcher(text);
        if (text.length() < 3 || !parts.matches()) {
            return Optional.empty();
        }
        long days = 360 * whole(parts.group(1)) + 30 * whole(parts.group(2)) + whole(parts.group(3));
        BigDecimal seconds = parts.group(6) == null ? BigDecimal.ZERO : new BigDecimal(parts.group(6));
        return Optional.of(Duration.ofDays(days)
                .plusHours(whole(parts.group(4)))
                .plusMinutes(whole(parts.group(5)))
                .plusNanos(seconds.movePointRight(9).longValue()));
    }

    private static long whole(@org.jspecify.annotations.Nullable String digits) {
        return digits == null ? 0 : Long.parseLong(digits);
    }
}
