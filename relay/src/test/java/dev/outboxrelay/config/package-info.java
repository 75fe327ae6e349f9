/** Tests of the package of the same name. */
@NullMarked
package dev.outboxrelay.config;

import org.jspecify.annotations.NullMarked;
