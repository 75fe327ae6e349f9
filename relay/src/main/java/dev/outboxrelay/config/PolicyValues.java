package dev.outboxrelay.config;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What one source says about a tenant; null is what it leaves to the next one.
 *
 * @param paused whether nothing is published and events are parked
 * @param maxAge how long the stream keeps a message; zero for ever
 * @param maxMessages most messages in it; -1 is no limit
 * @param maxBytes most bytes; -1 is no limit
 * @param duplicateWindow how long the server remembers message ids
 * @param maxInFlight most events sent and not acknowledged
 * @param retryAttempts failures of one message alone before it is a dead letter
 * @param retryInitial the first pause between attempts
 * @param retryMax the longest
 * @param parkAfter how long the tenant may get nowhere before its events are parked
 */
public record PolicyValues(
        @Nullable Boolean paused,
        @Nullable Provision provision,
        @Nullable Duration maxAge,
        @Nullable Long maxMessages,
        @Nullable Long maxBytes,
        @Nullable Integer replicas,
        @Nullable Discard discard,
        @Nullable Storage storage,
        @Nullable Compression compression,
        @Nullable Duration duplicateWindow,
        @Nullable Integer maxInFlight,
        @Nullable Integer retryAttempts,
        @Nullable Duration retryInitial,
        @Nullable Duration retryMax,
        @Nullable Duration parkAfter,
        @Nullable Poison poison) {}
