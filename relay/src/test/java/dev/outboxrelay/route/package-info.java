/** Tests of the package of the same name. */
@NullMarked
package dev.outboxrelay.route;

import org.jspecify.annotations.NullMarked;
