package dev.outboxrelay.config;

/**
 * How an instance lives beside others and beside an application ({@code outbox.ha.*}).
 *
 * @param onRefusal what becomes of an instance that either end refuses at its start
 */
public record HaSettings(OnRefusal onRefusal) {}
