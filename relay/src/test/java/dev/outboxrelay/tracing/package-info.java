/** Tests of the package of the same name. */
@NullMarked
package dev.outboxrelay.tracing;

import org.jspecify.annotations.NullMarked;
