@NullMarked
package dev.outboxrelay.spill;

import org.jspecify.annotations.NullMarked;
