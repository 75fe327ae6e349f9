package dev.outboxrelay.lab;

import dev.outboxrelay.testing.RelayProcess;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** How many events a relay says that it has published. Asking costs the relay something: seldom enough not to count. */
public final class Published {

    private static final long PAUSE_MILLIS = 200;

    private Published() {}

    /** 0 while it does not answer. */
    public static double by(RelayProcess relay) throws InterruptedException {
        return Math.max(0, relay.metric("outbox_relay_events_published_total"));
    }

    /** Waits for this many and returns how many there are then. */
    static double await(RelayProcess relay, double least, Duration deadline) throws InterruptedException {
        long begin = System.nanoTime();
        double published = by(relay);
        while (published < least) {
            if (System.nanoTime() - begin > deadline.toNanos()) {
                throw new AssertionError("only " + published + " of " + least + " events after " + deadline);
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            published = by(relay);
        }
        return published;
    }
}
