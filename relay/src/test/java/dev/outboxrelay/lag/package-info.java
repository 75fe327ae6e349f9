@NullMarked
package dev.outboxrelay.lag;

import org.jspecify.annotations.NullMarked;
