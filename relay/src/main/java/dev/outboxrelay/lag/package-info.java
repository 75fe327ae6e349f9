/** Watches the consumers of all tenants' streams, and the table of dead letters; only the leader does. */
@NullMarked
package dev.outboxrelay.lag;

import org.jspecify.annotations.NullMarked;
