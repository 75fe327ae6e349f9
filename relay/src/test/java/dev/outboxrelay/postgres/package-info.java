/** How servers and histories are told apart. */
@NullMarked
package dev.outboxrelay.postgres;

import org.jspecify.annotations.NullMarked;
