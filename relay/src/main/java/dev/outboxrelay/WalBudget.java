package dev.outboxrelay;

import dev.outboxrelay.slot.SlotState;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches how much WAL the slot keeps. From four fifths of the budget on, the tenant whose event keeps the slot from
 * being confirmed has to park what it has, whatever it waits for; a slot that is about to be lost, or is, is said
 * loudly. One thread.
 */
final class WalBudget {

    private static final Logger log = LoggerFactory.getLogger(WalBudget.class);

    private final long bytes;
    private String lastSaid = "";

    WalBudget(long bytes) {
        this.bytes = bytes;
    }

    /**
     * Acts on the slot as it is now.
     *
     * @param relieve parks what pins the slot, for a reason in words, and tells whose it was; empty when no tenant does
     */
    void watch(SlotState slot, Function<String, Optional<String>> relieve) {
        switch (slot.walStatus()) {
            case "lost" ->
                say("the slot is lost: PostgreSQL removed WAL that it needed, and events in it can only be published"
                        + " again from the outbox; drop and create the slot (schema/slot.sql), then start again");
            case "unreserved" ->
                say("the slot keeps more WAL than max_slot_wal_keep_size and is lost at the next checkpoint: raise"
                        + " max_slot_wal_keep_size now");
            default -> {
                if (slot.retainedBytes() < bytes / 5 * 4) {
                    lastSaid = "";
                    return;
                }
            }
        }
        String why = "the slot keeps " + slot.retainedBytes() + " bytes of WAL, near outbox.postgres.wal-budget";
        Optional<String> tenant = relieve.apply(why);
        tenant.ifPresentOrElse(
                pinning -> log.atWarn()
                        .addKeyValue("tenant", pinning)
                        .addKeyValue("retainedBytes", slot.retainedBytes())
                        .addKeyValue("budgetBytes", bytes)
                        .log("WAL budget nearly used up: the tenant that pins the slot is parked"),
                () -> say(
                        why + ", and no tenant pins it: the source is behind, or another table's transaction is open"));
    }

    private void say(String text) {
        if (!text.equals(lastSaid)) {
            log.error("{}", text);
            lastSaid = text;
        }
    }
}
