/** What does not fit into memory and is not published yet, on local disk; the WAL still has it. */
@NullMarked
package dev.outboxrelay.spill;

import org.jspecify.annotations.NullMarked;
