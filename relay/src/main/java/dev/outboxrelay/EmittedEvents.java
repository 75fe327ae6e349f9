package dev.outboxrelay;

import dev.outboxrelay.decode.Change;
import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.decode.EmittedReader;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.postgres.DatabaseException;
import dev.outboxrelay.slot.EmitKeys;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Events that came without a table. Reads the keys when the first one comes, and again whenever a message has a seal
 * that none of them made and that a newer one may have made. On the source's thread.
 */
final class EmittedEvents {

    private static final Logger log = LoggerFactory.getLogger(EmittedEvents.class);
    private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Where the keys are. */
    interface Keys {
        EmitKeys read() throws DatabaseException;
    }

    private final Keys source;
    private final EmittedReader reader;
    private EmitKeys keys = EmitKeys.UNKNOWN;
    private long said = System.nanoTime() - PERIOD_NANOS;

    EmittedEvents(Keys source, String slot) {
        this.source = source;
        this.reader = new EmittedReader(slot);
    }

    /** What a message is; empty when it is none of this relay's: without a seal, or for another slot. */
    Optional<Decoded> decode(Change.Emitted message) {
        Lsn lsn = message.origin().lsn();
        if (!EmittedReader.isSealed(message, keys.keys()) && !isSealedNow(message, lsn)) {
            foreign(lsn);
            return Optional.empty();
        }
        return reader.read(message);
    }

    /** A key that is newer than those known seals only what lies behind the look that found those. */
    private boolean isSealedNow(Change.Emitted message, Lsn lsn) {
        if (lsn.compareTo(keys.upTo()) < 0) {
            return false;
        }
        try {
            keys = source.read();
        } catch (DatabaseException e) {
            throw new IllegalStateException("outbox.emit_key cannot be read: " + e.getMessage(), e);
        }
        return EmittedReader.isSealed(message, keys.keys());
    }

    /** Whoever writes such may write many: one is said in ten seconds. */
    private void foreign(Lsn lsn) {
        long now = System.nanoTime();
        if (now - said >= PERIOD_NANOS) {
            said = now;
            log.atWarn()
                    .addKeyValue("lsn", lsn)
                    .log("a logical message with the prefix " + Change.Emitted.PREFIX
                            + " that outbox.emit did not make was passed over");
        }
    }
}
