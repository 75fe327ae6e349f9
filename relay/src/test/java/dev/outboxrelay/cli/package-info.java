/** Tests of the package of the same name. */
@NullMarked
package dev.outboxrelay.cli;

import org.jspecify.annotations.NullMarked;
