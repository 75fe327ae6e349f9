/** Benchmarks and torture runs against real servers; not shipped. */
@NullMarked
package dev.outboxrelay.lab;

import org.jspecify.annotations.NullMarked;
