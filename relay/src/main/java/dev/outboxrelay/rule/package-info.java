/** What rows and routing rules may say about subjects and headers, and which rule is for which event. Pure. */
@NullMarked
package dev.outboxrelay.rule;

import org.jspecify.annotations.NullMarked;
