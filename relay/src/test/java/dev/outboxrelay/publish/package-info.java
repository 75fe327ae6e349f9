/** Tests of the package of the same name. */
@NullMarked
package dev.outboxrelay.publish;

import org.jspecify.annotations.NullMarked;
