package dev.outboxrelay;

import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Reason;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says which events became dead letters, and why. A tenant that sends nothing else does not fill the log: of the same
 * reason one is said in ten seconds, with how many there were since the one before; all of them are in the table and in
 * the metrics. Thread-safe.
 */
final class DeadLetterLog {

    private static final Logger log = LoggerFactory.getLogger(DeadLetterLog.class);
    private static final long PERIOD = TimeUnit.SECONDS.toNanos(10);

    /** Tenant ids may be any text, and as many as there are rows. */
    private static final int MOST = 10_000;

    private record Key(String tenant, Reason reason) {}

    private static final class Said {
        private long at;
        private long since;
    }

    private final LongSupplier nanoTime;
    private final Map<Key, Said> said = new HashMap<>();

    DeadLetterLog(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    void dead(OutboxEvent event, Reason reason, String error) {
        String tenant = printable(event.tenant());
        long unsaid = unsaid(new Key(tenant, reason));
        if (unsaid < 0) {
            return;
        }
        var entry = log.atWarn()
                .addKeyValue("tenant", tenant)
                .addKeyValue("eventId", event.id())
                .addKeyValue("lsn", event.origin().lsn())
                .addKeyValue("reason", reason.code())
                .addKeyValue("error", error);
        if (unsaid > 0) {
            entry = entry.addKeyValue("unsaid", unsaid);
        }
        entry.log("event became a dead letter");
    }

    /** How many there were that were not said, now that one is to be; negative while none is. */
    private synchronized long unsaid(Key key) {
        long now = nanoTime.getAsLong();
        Said last = said.get(key);
        if (last == null) {
            if (said.size() >= MOST) {
                said.clear();
            }
            last = new Said();
            said.put(key, last);
        } else if (now - last.at < PERIOD) {
            last.since++;
            return -1;
        }
        long unsaid = last.since;
        last.at = now;
        last.since = 0;
        return unsaid;
    }

    /** A tenant id may be any text: nothing in it may forge a line of the log. */
    private static String printable(String tenant) {
        String clean = tenant.replaceAll("[^\\x21-\\x7e]", "?");
        return clean.length() > 80 ? clean.substring(0, 80) + "…" : clean;
    }
}
