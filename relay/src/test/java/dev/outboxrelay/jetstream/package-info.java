/** Tests of the package of the same name. */
@NullMarked
package dev.outboxrelay.jetstream;

import org.jspecify.annotations.NullMarked;
