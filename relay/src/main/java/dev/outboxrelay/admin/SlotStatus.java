package dev.outboxrelay.admin;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The replication slot as it was last read; what could not be read is null.
 *
 * @param confirmedLsn as Postgres writes it: {@code 16/B374D848}
 * @param retainedBytes WAL that Postgres keeps for the slot
 * @param lagBytes WAL behind the confirmed LSN
 * @param budgetBytes how much may be kept before the tenant that pins it is parked
 */
public record SlotStatus(
        String name,
        @Nullable String confirmedLsn,
        @Nullable Long retainedBytes,
        @Nullable Long lagBytes,
        @Nullable Long budgetBytes) {

    public SlotStatus {
        Objects.requireNonNull(name, "name");
    }
}
