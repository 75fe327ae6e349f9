package dev.outboxrelay.event;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;

/** A commit time as the header has it. Pure. */
public final class CommitTime {

    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    /** The years that four digits can say. */
    private static final long FIRST = LocalDateTime.of(0, 1, 1, 0, 0).toEpochSecond(ZoneOffset.UTC);

    private static final long LAST = LocalDateTime.of(9999, 12, 31, 23, 59, 59).toEpochSecond(ZoneOffset.UTC);

    private static final long SECOND = 1_000_000;

    /** The second that was written last: nearly always it is the next one's too. */
    private static volatile Written last = written(0);

    /** A second, up to the point before its fractions. */
    private static final class Written {

        private final long second;
        private final byte[] text;

        Written(long second, AsciiBuffer text) {
            this.second = second;
            this.text = new byte[text.length()];
            text.copyTo(this.text, 0);
        }
    }

    private CommitTime() {}

    /** RFC 3339, UTC, always six digits after the second. By hand, because it is done for every message. */
    public static void append(long micros, AsciiBuffer out) {
        long second = Math.floorDiv(micros, SECOND);
        if (second < FIRST || second > LAST) {
            out.text(MICROS.format(Instant.EPOCH.plus(micros, ChronoUnit.MICROS)));
            return;
        }
        Written known = last;
        if (known.second != second) {
            known = written(second);
            last = known;
        }
        out.literal(known.text).number(Math.floorMod(micros, SECOND), 6).literal('Z');
    }

    private static Written written(long second) {
        LocalDateTime time = LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC);
        AsciiBuffer text = new AsciiBuffer(20);
        text.number(time.getYear(), 4).literal('-');
        text.number(time.getMonthValue(), 2).literal('-');
        text.number(time.getDayOfMonth(), 2).literal('T');
        text.number(time.getHour(), 2).literal(':');
        text.number(time.getMinute(), 2).literal(':');
        text.number(time.getSecond(), 2).literal('.');
        return new Written(second, text);
    }
}
