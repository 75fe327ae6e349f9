@NullMarked
package dev.outboxrelay.rule;

import org.jspecify.annotations.NullMarked;
