package dev.outboxrelay.demo;

/**
 * One event as the outbox or a stream holds it, reduced to what is compared.
 *
 * @param fingerprint equal if and only if subject, payload and headers are
 */
record Content(String id, String tenant, String fingerprint) {}
