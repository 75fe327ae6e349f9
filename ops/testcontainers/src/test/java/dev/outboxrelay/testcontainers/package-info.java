@NullMarked
package dev.outboxrelay.testcontainers;

import org.jspecify.annotations.NullMarked;
