/** Tests of the demo. */
@NullMarked
package dev.outboxrelay.demo;

import org.jspecify.annotations.NullMarked;
