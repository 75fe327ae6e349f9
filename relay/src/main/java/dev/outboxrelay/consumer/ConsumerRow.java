package dev.outboxrelay.consumer;

import dev.outboxrelay.config.ConsumerWish;

/**
 * A row of {@code outbox.consumer}.
 *
 * @param tenant a tenant id as rows have it, or {@link #EVERY}
 */
public record ConsumerRow(String tenant, ConsumerWish wish) {

    /** Stands for every tenant, also those yet to come. */
    public static final String EVERY = "*";

    /** Whether it is for every tenant. */
    public boolean isForEvery() {
        return tenant.equals(EVERY);
    }

    /** What identifies it, for people. */
    public String shown() {
        return "outbox.consumer (" + tenant + ", " + wish.name() + ")";
    }
}
