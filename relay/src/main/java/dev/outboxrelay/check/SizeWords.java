package dev.outboxrelay.check;

import java.time.Duration;
import java.util.Locale;

/** Sizes and durations as people, the relay's configuration and other programs' options write them. */
final class SizeWords {

    private static final long KB = 1L << 10;
    private static final long MB = 1L << 20;
    private static final long GB = 1L << 30;

    private SizeWords() {}

    /** For people. */
    static String bytes(long bytes) {
        if (bytes >= GB) {
            return String.format(Locale.ROOT, "%.1f GB", (double) bytes / GB);
        }
        if (bytes >= MB) {
            return String.format(Locale.ROOT, "%.1f MB", (double) bytes / MB);
        }
        return bytes >= KB ? String.format(Locale.ROOT, "%.1f KB", (double) bytes / KB) : bytes + " bytes";
    }

    /** At least so much, in whole megabytes or gigabytes: a form that PostgreSQL, NATS and the relay all read. */
    static String atLeast(long bytes) {
        return bytes > 8 * GB ? (bytes + GB - 1) / GB + "GB" : Math.max(1, (bytes + MB - 1) / MB) + "MB";
    }

    /** At most so much. */
    static String atMost(long bytes) {
        return bytes > 8 * GB ? bytes / GB + "GB" : Math.max(1, bytes / MB) + "MB";
    }

    /** As Go programs read it. */
    static String go(Duration duration) {
        if (duration.toMillis() % 3_600_000 == 0) {
            return duration.toHours() + "h";
        }
        if (duration.toMillis() % 60_000 == 0) {
            return duration.toMinutes() + "m";
        }
        return duration.toMillis() % 1_000 == 0 ? duration.toSeconds() + "s" : duration.toMillis() + "ms";
    }

    /** For people. */
    static String time(Duration duration) {
        Duration shown = duration.abs();
        return shown.compareTo(Duration.ofSeconds(10)) < 0
                ? shown.toMillis() + " ms"
                : shown.compareTo(Duration.ofMinutes(5)) < 0 ? shown.toSeconds() + " s" : shown.toMinutes() + " min";
    }
}
