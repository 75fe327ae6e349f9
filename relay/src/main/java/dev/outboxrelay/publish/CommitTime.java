package dev.outboxrelay.publish;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;

/** A commit time as the header has it. Pure. */
final class CommitTime {

    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    private static final byte[] FORM = "0000-00-00T00:00:00.000000Z".getBytes(StandardCharsets.ISO_8859_1);

    private CommitTime() {}

    /** RFC 3339, UTC, always six digits after the second. By hand, because it is done for every message. */
    static String rfc3339(long micros) {
        LocalDateTime time = LocalDateTime.ofEpochSecond(Math.floorDiv(micros, 1_000_000L), 0, ZoneOffset.UTC);
        if (time.getYear() < 0 || time.getYear() > 9999) {
            return MICROS.format(Instant.EPOCH.plus(micros, ChronoUnit.MICROS));
        }
        byte[] text = FORM.clone();
        put(text, 4, time.getYear());
        put(text, 7, time.getMonthValue());
        put(text, 10, time.getDayOfMonth());
        put(text, 13, time.getHour());
        put(text, 16, time.getMinute());
        put(text, 19, time.getSecond());
        put(text, 26, Math.floorMod(micros, 1_000_000));
        return new String(text, StandardCharsets.ISO_8859_1);
    }

    /** Writes a number so that its last digit stands before an index; the zeros before it are there already. */
    private static void put(byte[] text, int end, int number) {
        for (int rest = number, at = end - 1; rest > 0; rest /= 10, at--) {
            text[at] = (byte) ('0' + rest % 10);
        }
    }
}
