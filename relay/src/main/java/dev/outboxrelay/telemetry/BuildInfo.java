package dev.outboxrelay.telemetry;

import java.util.Objects;

/** The versions that {@code outbox_relay_build_info} shows: of the relay itself, Debezium and jnats. */
public record BuildInfo(String version, String debezium, String jnats) {

    public BuildInfo {
        Objects.requireNonNull(version, "version");
        Objects.requireNonNull(debezium, "debezium");
        Objects.requireNonNull(jnats, "jnats");
    }
}
