package dev.outboxrelay.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Spans for a collector ({@code outbox.tracing.*}).
 *
 * @param endpoint the whole URL that they are sent to
 * @param serviceName whose they are
 * @param sample the share of events without a trace of their own that begin one, from 0 to 1
 * @param headersFile headers of each request; null for none
 * @param tls what the collector is checked against
 */
public record TracingSettings(
        String endpoint,
        String serviceName,
        double sample,
        @Nullable Path headersFile,
        TlsFiles tls) {}
