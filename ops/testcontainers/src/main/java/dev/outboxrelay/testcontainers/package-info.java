/**
 * A test fixture for applications that write to an outbox: Postgres with the schema, NATS and the relay in containers,
 * and an assertion on what reaches a tenant's stream. It depends on no test framework.
 */
@NullMarked
package dev.outboxrelay.testcontainers;

import org.jspecify.annotations.NullMarked;
