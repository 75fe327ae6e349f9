/**
 * The doctor: what is right and wrong with both ends, decided from facts that others have collected. It asks nobody
 * anything itself, so every decision can be tried without a server.
 */
@NullMarked
package dev.outboxrelay.check;

import org.jspecify.annotations.NullMarked;
