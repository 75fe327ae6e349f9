package dev.outboxrelay.tracing;

import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says that spans get lost, and that they no longer do: once for as long as it lasts, and once a minute at most where
 * it comes and goes. Any thread; what is said already costs one look at a field.
 */
final class Losses {

    private static final Logger log = LoggerFactory.getLogger(Losses.class);
    private static final long PAUSE_NANOS = 60_000_000_000L;

    private final String endpoint;
    private final LongSupplier nanoTime;
    private volatile boolean lasting;
    private boolean said;
    private boolean everSaid;
    private long saidAt;

    Losses(String endpoint, LongSupplier nanoTime) {
        this.endpoint = endpoint;
        this.nanoTime = nanoTime;
    }

    /** Some were lost. */
    void some(String why) {
        if (!lasting) {
            begin(why);
        }
    }

    private synchronized void begin(String why) {
        long now = nanoTime.getAsLong();
        if (lasting) {
            return;
        }
        lasting = true;
        if (!everSaid || now - saidAt >= PAUSE_NANOS) {
            everSaid = true;
            said = true;
            saidAt = now;
            log.atWarn()
                    .addKeyValue("collector", endpoint)
                    .addKeyValue("error", why)
                    .log("spans are lost; events are published as ever");
        }
    }

    /** The collector took some. */
    void none() {
        if (lasting) {
            end();
        }
    }

    private synchronized void end() {
        lasting = false;
        if (said) {
            said = false;
            log.atInfo().addKeyValue("collector", endpoint).log("the collector takes spans again");
        }
    }
}
