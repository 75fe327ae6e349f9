/** Who leads: an advisory lock, a term, and how long both may be believed. */
@NullMarked
package dev.outboxrelay.ha;

import org.jspecify.annotations.NullMarked;
