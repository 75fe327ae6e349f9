package dev.outboxrelay.publish;

import dev.outboxrelay.event.AsciiBuffer;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;

/** A commit time as the header has it. Pure. */
final class CommitTime {

    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    private CommitTime() {}

    /** RFC 3339, UTC, always six digits after the second. By hand, because it is done for every message. */
    static void append(long micros, AsciiBuffer out) {
        LocalDateTime time = LocalDateTime.ofEpochSecond(Math.floorDiv(micros, 1_000_000L), 0, ZoneOffset.UTC);
        if (time.getYear() < 0 || time.getYear() > 9999) {
            out.text(MICROS.format(Instant.EPOCH.plus(micros, ChronoUnit.MICROS)));
            return;
        }
        out.number(time.getYear(), 4).literal('-');
        out.number(time.getMonthValue(), 2).literal('-');
        out.number(time.getDayOfMonth(), 2).literal('T');
        out.number(time.getHour(), 2).literal(':');
        out.number(time.getMinute(), 2).literal(':');
        out.number(time.getSecond(), 2).literal('.');
        out.number(Math.floorMod(micros, 1_000_000L), 6).literal('Z');
    }
}
