@NullMarked
package dev.outboxrelay.policy;

import org.jspecify.annotations.NullMarked;
