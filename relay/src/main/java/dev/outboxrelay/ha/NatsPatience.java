package dev.outboxrelay.ha;

/**
 * How long a leader that cannot use NATS goes on before it lets another instance try: ten seconds, and four times as
 * long after each time in vain, so that an outage for everybody is no endless change of leaders. One that never had a
 * connection may be the only one that cannot have any, so its turns stay short; and what was long ago was another
 * outage. Times are monotonic nanoseconds. One thread.
 */
public final class NatsPatience {

    private static final long FIRST_NANOS = 10_000_000_000L;
    private static final long LONGEST_NANOS = 600_000_000_000L;
    private static final long UNPROVEN_NANOS = 40_000_000_000L;
    private static final int FACTOR = 4;

    private long patience = FIRST_NANOS;
    private long since;
    private long lastGaveWay;
    private boolean everConnected;

    /** It begins to connect. */
    public void begin(long now) {
        if (patience > FIRST_NANOS && now - lastGaveWay >= 2 * LONGEST_NANOS) {
            patience = FIRST_NANOS;
        }
        since = now;
    }

    /** Whether it has tried for long enough. */
    public boolean isOver(long now) {
        return now - since >= patience;
    }

    /** It let another one try. */
    public void gaveWay(long now) {
        patience = Math.min(patience * FACTOR, everConnected ? LONGEST_NANOS : UNPROVEN_NANOS);
        lastGaveWay = now;
    }

    /** It connected. */
    public void connected() {
        patience = FIRST_NANOS;
        everConnected = true;
    }
}
