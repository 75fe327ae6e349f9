package dev.outboxrelay.cli;

import java.io.PrintWriter;
import java.util.concurrent.TimeUnit;

/** Says on stderr how far long work is, at most once a second, and nothing about short work. */
final class ProgressLine {

    private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final PrintWriter err;
    private final String things;
    private final String what;
    private long last = System.nanoTime();

    ProgressLine(PrintWriter err, String what) {
        this(err, "letters", what);
    }

    ProgressLine(PrintWriter err, String things, String what) {
        this.err = err;
        this.things = things;
        this.what = what;
    }

    void at(long done, long all) {
        long now = System.nanoTime();
        if (now - last >= PERIOD_NANOS && done < all) {
            err.printf("%,d of %,d %s %s%n", done, all, things, what);
            err.flush();
            last = now;
        }
    }
}
