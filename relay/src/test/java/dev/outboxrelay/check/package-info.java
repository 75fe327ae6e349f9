/** Tests of the package of the same name. */
@NullMarked
package dev.outboxrelay.check;

import org.jspecify.annotations.NullMarked;
