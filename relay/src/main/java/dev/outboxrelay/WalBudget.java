package dev.outboxrelay;

import dev.outboxrelay.slot.SlotState;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches how much WAL the slot keeps. From four fifths of the budget on, the tenant whose event keeps the slot from
 * being confirmed has to park what it has, whatever it waits for; a slot that is about to be lost, or is, is said
 * loudly. What stays as it is is said once. One thread.
 */
final class WalBudget {

    private static final Logger log = LoggerFactory.getLogger(WalBudget.class);

    /** What was said last: {@code danger} of the slot itself, and about the budget. */
    private String danger = "";

    private String near = "";
    private final long bytes;

    WalBudget(long bytes) {
        this.bytes = bytes;
    }

    /**
     * Acts on the slot as it is now.
     *
     * @param relieve parks what pins the slot, for a reason in words, and tells whose it was; empty when no tenant does
     */
    void watch(SlotState slot, Function<String, Optional<String>> relieve) {
        boolean inDanger = warn(slot.walStatus());
        if (!inDanger && slot.retainedBytes() < bytes / 5 * 4) {
            near = "";
            return;
        }
        String why = "the slot keeps " + slot.retainedBytes() + " bytes of WAL, near outbox.postgres.wal-budget";
        Optional<String> tenant = relieve.apply(why);
        String now = tenant.orElse("nobody");
        if (now.equals(near)) {
            return;
        }
        near = now;
        var event = (tenant.isPresent() ? log.atWarn() : log.atError())
                .addKeyValue("retainedBytes", slot.retainedBytes())
                .addKeyValue("budgetBytes", bytes);
        if (tenant.isPresent()) {
            event.addKeyValue("tenant", tenant.get())
                    .log("WAL budget nearly used up: the tenant that pins the slot is parked");
        } else {
            event.log("WAL budget nearly used up, and no tenant pins the slot: the source is behind, or another table's"
                    + " transaction is open");
        }
    }

    /** Whether the slot is, or is about to be, lost. */
    private boolean warn(String walStatus) {
        boolean bad = walStatus.equals("lost") || walStatus.equals("unreserved");
        if (bad && !danger.equals(walStatus)) {
            log.error(
                    walStatus.equals("lost")
                            ? "the slot is lost: PostgreSQL removed WAL that it needed, and events in it can only be"
                                    + " published again from the outbox; drop and create the slot (schema/slot.sql),"
                                    + " then start again"
                            : "the slot keeps more WAL than max_slot_wal_keep_size and is lost at the next checkpoint:"
                                    + " raise max_slot_wal_keep_size now");
        }
        danger = bad ? walStatus : "";
        return bad;
    }
}
