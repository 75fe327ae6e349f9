/** Tests of the package of the same name. */
@NullMarked
package dev.outboxrelay.streams;

import org.jspecify.annotations.NullMarked;
