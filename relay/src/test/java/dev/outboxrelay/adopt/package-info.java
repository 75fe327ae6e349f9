/**
 * Applications that know nothing of this product, with pollers as teams have them today, moved over by SQL and
 * configuration alone.
 */
@NullMarked
package dev.outboxrelay.adopt;

import org.jspecify.annotations.NullMarked;
