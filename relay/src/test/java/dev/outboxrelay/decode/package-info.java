/** Tests of the package of the same name. */
@NullMarked
package dev.outboxrelay.decode;

import org.jspecify.annotations.NullMarked;
