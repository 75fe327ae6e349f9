/** Tests of the package of the same name. */
@NullMarked
package dev.outboxrelay.event;

import org.jspecify.annotations.NullMarked;
