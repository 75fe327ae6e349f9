@NullMarked
package dev.outboxrelay.consumer;

import org.jspecify.annotations.NullMarked;
