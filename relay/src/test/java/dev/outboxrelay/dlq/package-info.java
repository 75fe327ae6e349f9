/** Pure tests of what operators do with letters. */
@NullMarked
package dev.outboxrelay.dlq;

import org.jspecify.annotations.NullMarked;
