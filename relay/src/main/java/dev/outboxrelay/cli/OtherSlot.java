package dev.outboxrelay.cli;

import dev.outboxrelay.dlq.Desk;
import dev.outboxrelay.dlq.DeskException;
import dev.outboxrelay.dlq.LetterDesk;
import dev.outboxrelay.dlq.Outcome;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A command that is run with the configuration of one slot for a tenant of another one: said, and nothing done. */
final class OtherSlot {

    private OtherSlot() {}

    /** Why nothing is done; empty when the tenant is this slot's, or nobody has dealt tenants out to slots. */
    static Optional<String> refusal(Desk desk, @Nullable String tenant, String own) throws DeskException {
        return tenant == null
                ? Optional.empty()
                : desk.otherSlotOf(tenant)
                        .map(slot -> "tenant " + Printable.of(tenant) + " belongs to slot " + slot
                                + ", and this is the configuration of slot " + own
                                + ", whose relay does not publish to that tenant's stream. " + nextStep(slot));
    }

    /** Where the letters are, if none was there to change because they or their tenant are another slot's. */
    static Optional<String> ofNothing(LetterDesk desk, Outcome outcome, LetterOptions letters, String own)
            throws DeskException {
        if (!outcome.isNothing()) {
            return Optional.empty();
        }
        Map<Long, String> others =
                letters.keys().isEmpty() ? Map.of() : desk.ofOtherSlots(LetterOptions.named(letters.keys(), own));
        if (others.isEmpty()) {
            return refusal(desk, letters.tenant(), own);
        }
        return Optional.of(others.entrySet().stream()
                        .map(letter -> "letter " + letter.getKey() + " is one of slot " + letter.getValue())
                        .collect(Collectors.joining(", "))
                + ", and this is the configuration of slot " + own + ". "
                + others.values().stream().distinct().map(OtherSlot::nextStep).collect(Collectors.joining(" or ")));
    }

    private static String nextStep(String slot) {
        return "Run it with the configuration of slot " + slot + " (OUTBOX_POSTGRES_SLOT=" + slot + ")";
    }
}
