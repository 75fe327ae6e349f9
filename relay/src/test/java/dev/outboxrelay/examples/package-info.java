@NullMarked
package dev.outboxrelay.examples;

import org.jspecify.annotations.NullMarked;
