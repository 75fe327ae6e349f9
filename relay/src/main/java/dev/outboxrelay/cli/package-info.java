/** The command line: one class for each command, and the loader of configuration. Wiring. */
@NullMarked
package dev.outboxrelay.cli;

import org.jspecify.annotations.NullMarked;
