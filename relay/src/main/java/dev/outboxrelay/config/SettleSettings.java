package dev.outboxrelay.config;

import java.time.Duration;

/**
 * How published rows are settled ({@code outbox.settle.*}).
 *
 * @param mode what happens to a row of the native table
 * @param batch most rows in one transaction
 * @param linger how long an incomplete batch waits for more
 */
public record SettleSettings(SettleMode mode, int batch, Duration linger) {}
