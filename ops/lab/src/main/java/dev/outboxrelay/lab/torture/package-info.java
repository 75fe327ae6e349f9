/**
 * The torture harness: writers, a fault plan out of a seed, and a checker that shares no code with the relay.
 *
 * <p>{@code Plan} says what will break, {@code Stage} has the servers and the relays, {@code Faults} breaks them,
 * {@code StreamFaults} do it to tenants' streams and {@code Operators} replay and discard dead letters beside that,
 * {@code Writers} write meanwhile and keep a ledger beside the outbox, {@code Checker} compares the ledger with the
 * tables and the streams, {@code Run} is all of it in order.
 */
@NullMarked
package dev.outboxrelay.lab.torture;

import org.jspecify.annotations.NullMarked;
