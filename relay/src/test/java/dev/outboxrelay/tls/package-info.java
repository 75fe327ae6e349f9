@NullMarked
package dev.outboxrelay.tls;

import org.jspecify.annotations.NullMarked;
