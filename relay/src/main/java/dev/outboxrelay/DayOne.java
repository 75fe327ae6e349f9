package dev.outboxrelay;

import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.SourceSettings;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.postgres.TermGuard;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.settle.PendingRows;
import dev.outboxrelay.settle.SlotMemory;
import dev.outboxrelay.streams.StoredIds;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that rows which are pending and not in the slot are published, before the slot is read: takes them into
 * the table of dead letters, and resolves what of them is in its stream already, since a mark may have got lost with
 * the slot.
 */
final class DayOne {

    private static final Logger log = LoggerFactory.getLogger(DayOne.class);

    /** How far the clocks of PostgreSQL and NATS may be apart. */
    private static final Duration SKEW = Duration.ofMinutes(10);

    private static final int TRIES = 3;

    /** The streams cannot be read. */
    static final class NatsAway extends Exception {

        private static final long serialVersionUID = 1L;

        NatsAway(String why, Throwable cause) {
            super(why, cause);
        }
    }

    private final Database database;
    private final Settings settings;
    private final PendingRows.Watch watch;

    DayOne(Database database, Settings settings, PendingRows.Watch watch) {
        this.database = database;
        this.settings = settings;
        this.watch = watch;
    }

    /**
     * Does it where it has to be done, and returns what the slot is known by. Whatever is in the way, what was done is
     * not done again.
     */
    SlotMemory prepare(TermGuard guard, StoredIds streams) throws DatabaseException, NatsAway, InterruptedException {
        SlotMemory memory = SlotMemory.open(database, guard.slot(), guard.identity());
        boolean known = false;
        try {
            Optional<String> due = memory.due();
            while (due.isPresent()) {
                take(due.get(), guard, streams);
                due = memory.due();
            }
            known = true;
            return memory;
        } finally {
            if (!known) {
                memory.close();
            }
        }
    }

    private void take(String why, TermGuard guard, StoredIds streams)
            throws DatabaseException, NatsAway, InterruptedException {
        log.atInfo()
                .addKeyValue("slot", guard.slot())
                .addKeyValue("reason", why)
                .log("taking pending rows from their tables");
        long begin = System.nanoTime();
        SourceSettings source = settings.source();
        try (PendingRows rows = PendingRows.open(
                database, guard, source.all(), settings.postgres().publication(), settings.naming(), watch)) {
            long taken = rows.take(why);
            long found = 0;
            for (PendingRows.Taken tenant : rows.tenants()) {
                found += find(tenant, rows, streams);
            }
            if (rows.finish()) {
                log.atInfo()
                        .addKeyValue("slot", guard.slot())
                        .addKeyValue("rows", taken)
                        .addKeyValue("published", found)
                        .addKeyValue("millis", (System.nanoTime() - begin) / 1_000_000)
                        .log("pending rows are taken: they go out before what the slot brings");
            }
        }
    }

    /** How many of a tenant's rows are in its stream already. */
    private long find(PendingRows.Taken tenant, PendingRows rows, StoredIds streams)
            throws DatabaseException, NatsAway, InterruptedException {
        Optional<Address> address = Address.of(tenant.tenant(), settings.naming());
        if (address.isEmpty()) {
            return 0;
        }
        Instant since = tenant.since().equals(Instant.EPOCH)
                ? Instant.EPOCH
                : tenant.since().minus(SKEW);
        long[] found = {0};
        for (int tried = 1; ; tried++) {
            try {
                streams.<DatabaseException>since(
                        address.get(), since, ids -> found[0] += rows.inStream(tenant.tenant(), ids));
                return found[0];
            } catch (StoredIds.Unreadable e) {
                if (!streams.isConnected()) {
                    throw new NatsAway("pending rows wait until their streams can be read: " + e.getMessage(), e);
                }
                if (tried == TRIES) {
                    // one stream must not keep all the others waiting, and a duplicate is better than a loss
                    log.warn(
                            "{}: some of the {} pending events of tenant {} may come twice",
                            e.getMessage(),
                            tenant.rows(),
                            tenant.tenant());
                    return found[0];
                }
            }
        }
    }
}
