package dev.outboxrelay.dlq;

import dev.outboxrelay.event.Reason;

/**
 * A letter that is not replayed.
 *
 * @param reason the code of the reason for which the relay would refuse it again, or {@link #OTHER_SLOT}
 * @param error what is wrong with it as it would be sent, without content
 */
public record Refusal(Letter letter, String reason, String error) {

    /** Its tenant's stream has another publisher. */
    public static final String OTHER_SLOT = "other_slot";

    /** The relay would refuse it again. */
    static Refusal of(Letter letter, Reason reason, String error) {
        return new Refusal(letter, reason.code(), error);
    }

    /** Its tenant has moved, and it has not. */
    static Refusal otherSlot(Letter letter, String slot, String owner) {
        return new Refusal(
                letter,
                OTHER_SLOT,
                "the tenant belongs to slot " + owner + " now, and this is slot " + slot
                        + ". As the owner of the schema: SELECT outbox.move_letters(); then replay it with the"
                        + " configuration of slot " + owner + " (OUTBOX_POSTGRES_SLOT=" + owner + ")");
    }

    /** Whether correcting the event would help. */
    public boolean isCorrectable() {
        return !reason.equals(OTHER_SLOT);
    }
}
