/** Which durable consumers each tenant's stream should have, and what has to be done where it has others. */
@NullMarked
package dev.outboxrelay.consumer;

import org.jspecify.annotations.NullMarked;
