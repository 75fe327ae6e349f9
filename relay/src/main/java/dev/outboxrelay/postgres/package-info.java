/** How connections to PostgreSQL are opened; the one thing that the edges on that side share. */
@NullMarked
package dev.outboxrelay.postgres;

import org.jspecify.annotations.NullMarked;
