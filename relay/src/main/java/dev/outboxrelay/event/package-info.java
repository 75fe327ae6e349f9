/** The values that travel through the relay: LSN, tenant, event and its position. Pure. */
@NullMarked
package dev.outboxrelay.event;

import org.jspecify.annotations.NullMarked;
