package dev.outboxrelay.admin;

import java.time.Instant;
import java.util.Objects;

/**
 * What is known when somebody asks for the health.
 *
 * @param source Postgres: for a leader the replication stream, for a standby the session that waits for the lock
 * @param pipelineHeartbeat when the thread that drives the relay last showed that it gets round its loop; it does so in
 *     every role, also while it waits for an end that is away
 */
public record HealthFacts(Role role, Instant roleSince, Connection source, Connection nats, Instant pipelineHeartbeat) {

    public HealthFacts {
        Objects.requireNonNull(role, "role");
        Objects.requireNonNull(roleSince, "roleSince");
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(nats, "nats");
        Objects.requireNonNull(pipelineHeartbeat, "pipelineHeartbeat");
    }
}
