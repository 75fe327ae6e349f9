/** Spans for OpenTelemetry. The one place that knows its SDK; nothing here may cost an event more than moments. */
@NullMarked
package dev.outboxrelay.tracing;

import org.jspecify.annotations.NullMarked;
