package dev.outboxrelay.decode;

import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Dates and times as ISO 8601 texts, whatever way they come: {@code 2026-01-02T03:04:05.6Z} (timestamptz, in UTC),
 * {@code 2026-01-02T03:04:05.6} (timestamp), {@code 2026-01-02} (date). Pure.
 */
public final class PgTime {

    private static final LocalDateTime EPOCH_2000 = LocalDateTime.of(2000, 1, 1, 0, 0);
    private static final String INFINITY = "infinity";
    private static final String MINUS_INFINITY = "-infinity";

    /** As PostgreSQL writes them in the style ISO, which the driver asks for in every session. */
    private static final Pattern TEXT = Pattern.compile("(\\d{4,7})-(\\d\\d)-(\\d\\d)"
            + "(?: (\\d\\d):(\\d\\d):(\\d\\d)(?:\\.(\\d{1,6}))?)?"
            + "(?:([+-])(\\d\\d)(?::(\\d\\d))?(?::(\\d\\d))?)?( BC)?");

    private PgTime() {}

    /** From microseconds since 2000, as in binary values. */
    public static String timestamp(long micros, boolean zoned) {
        if (micros == Long.MAX_VALUE) {
            return INFINITY;
        }
        return micros == Long.MIN_VALUE ? MINUS_INFINITY : shown(EPOCH_2000.plus(micros, ChronoUnit.MICROS), zoned);
    }

    /** From days since 2000, as in binary values. */
    public static String date(int days) {
        if (days == Integer.MAX_VALUE) {
            return INFINITY;
        }
        return days == Integer.MIN_VALUE
                ? MINUS_INFINITY
                : EPOCH_2000.toLocalDate().plusDays(days).toString();
    }

    /**
     * From PostgreSQL's own text.
     *
     * @throws IllegalStateException when it is not in the style ISO
     */
    public static String timestampOf(String text, boolean zoned) {
        if (text.equals(INFINITY) || text.equals(MINUS_INFINITY)) {
            return text;
        }
        Matcher parts = parts(text);
        LocalTime time = LocalTime.of(number(parts, 4), number(parts, 5), number(parts, 6))
                .plus(micros(parts.group(7)), ChronoUnit.MICROS);
        LocalDateTime local = dateOf(parts).atTime(time);
        if (zoned) {
            int seconds = number(parts, 9) * 3600 + number(parts, 10) * 60 + number(parts, 11);
            local = local.plusSeconds("-".equals(parts.group(8)) ? seconds : -seconds);
        }
        return shown(local, zoned);
    }

    /** The same for a date. */
    public static String dateOf(String text) {
        return text.equals(INFINITY) || text.equals(MINUS_INFINITY)
                ? text
                : dateOf(parts(text)).toString();
    }

    /** From the engine's text for a timestamptz. */
    public static String ofEngine(String text) {
        try {
            return shown(
                    OffsetDateTime.parse(text)
                            .withOffsetSameInstant(ZoneOffset.UTC)
                            .toLocalDateTime(),
                    true);
        } catch (DateTimeParseException e) {
            return text;
        }
    }

    private static Matcher parts(String text) {
        Matcher parts = TEXT.matcher(text);
        if (!parts.matches()) {
            throw new IllegalStateException("a date or time is not in the style ISO");
        }
        return parts;
    }

    private static LocalDate dateOf(Matcher parts) {
        int year = number(parts, 1);
        // there was no year 0, but ISO 8601 has one
        return LocalDate.of(parts.group(12) == null ? year : 1 - year, number(parts, 2), number(parts, 3));
    }

    private static int number(Matcher parts, int group) {
        String digits = parts.group(group);
        return digits == null ? 0 : Integer.parseInt(digits);
    }

    private static long micros(@Nullable String fraction) {
        return fraction == null ? 0 : Long.parseLong((fraction + "00000").substring(0, 6));
    }

    private static String shown(LocalDateTime time, boolean zoned) {
        String text = DateTimeFormatter.ISO_LOCAL_DATE_TIME.format(time);
        return zoned ? text + 'Z' : text;
    }
}
