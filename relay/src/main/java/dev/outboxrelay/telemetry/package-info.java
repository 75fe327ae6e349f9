/** Every meter of the relay, behind handles that cost the hot path no lookup and no allocation. */
@NullMarked
package dev.outboxrelay.telemetry;

import org.jspecify.annotations.NullMarked;
