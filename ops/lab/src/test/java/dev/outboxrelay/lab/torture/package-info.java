/** Tests of the torture harness: that it can fail, and that the relay does not make it. */
@NullMarked
package dev.outboxrelay.lab.torture;

import org.jspecify.annotations.NullMarked;
