@NullMarked
package dev.outboxrelay.lab;

import org.jspecify.annotations.NullMarked;
