package dev.outboxrelay.tracing;

import dev.outboxrelay.config.TracingSettings;
import dev.outboxrelay.tls.SecretFile;
import dev.outboxrelay.tls.SecretFileException;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import io.opentelemetry.sdk.common.export.RetryPolicy;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Sends spans in batches, on threads of its own, to a collector that may be slow or away. */
final class Delivery implements AutoCloseable {

    private static final org.slf4j.Logger log = org.slf4j.LoggerFactory.getLogger(Delivery.class);

    private static final Duration CONNECT = Duration.ofSeconds(2);
    private static final Duration ANSWER = Duration.ofSeconds(10);
    private static final Duration EVERY = Duration.ofSeconds(1);
    private static final int BATCH = 512;
    private static final long STOP_MILLIS = 1_500;

    /** A collector that restarts answers again within a second or two. */
    private static final RetryPolicy AGAIN = RetryPolicy.builder()
            .setMaxAttempts(3)
            .setInitialBackoff(Duration.ofMillis(500))
            .setMaxBackoff(Duration.ofSeconds(1))
            .build();

    /**
     * The SDK tells another logger about each failure, in words of its own; {@link Losses} says it once. Held, because
     * that logger forgets what nobody holds.
     */
    private static final Logger SILENCED = Logger.getLogger("io.opentelemetry");

    private final Waiting waiting;
    private final CountingExporter exporter;
    private final SdkTracerProvider provider;
    private final ExecutorService threads;
    private boolean closed;

    private Delivery(Waiting waiting, CountingExporter exporter, SdkTracerProvider provider, ExecutorService threads) {
        this.waiting = waiting;
        this.exporter = exporter;
        this.provider = provider;
        this.threads = threads;
    }

    static Delivery open(
            TracingSettings settings,
            String version,
            String instance,
            Waiting waiting,
            Losses losses,
            SpanCount count) {
        SILENCED.setLevel(Level.OFF);
        ExecutorService threads = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "outbox-spans");
            thread.setDaemon(true);
            return thread;
        });
        CountingExporter exporter = new CountingExporter(collector(settings, threads), waiting, losses, count);
        Resource resource = Resource.getDefault().toBuilder()
                .put(AttributeKey.stringKey("service.name"), settings.serviceName())
                .put(AttributeKey.stringKey("service.version"), version)
                .put(AttributeKey.stringKey("service.instance.id"), instance)
                .build();
        SdkTracerProvider provider = SdkTracerProvider.builder()
                .setResource(resource)
                .setSampler(Sampler.alwaysOn()) // who is traced is decided before a span is made
                .addSpanProcessor(BatchSpanProcessor.builder(exporter)
                        .setMaxQueueSize(Spans.MOST_WAITING)
                        .setMaxExportBatchSize(BATCH)
                        .setScheduleDelay(EVERY)
                        .setExporterTimeout(ANSWER.multipliedBy(2))
                        .build())
                .build();
        return new Delivery(waiting, exporter, provider, threads);
    }

    private static OtlpHttpSpanExporter collector(TracingSettings settings, ExecutorService threads) {
        OtlpHttpSpanExporterBuilder builder = OtlpHttpSpanExporter.builder()
                .setEndpoint(settings.endpoint())
                .setCompression("gzip")
                .setConnectTimeout(CONNECT)
                .setTimeout(ANSWER)
                .setRetryPolicy(AGAIN)
                .setExecutorService(threads);
        Path headers = settings.headersFile();
        if (headers != null) {
            builder.setHeaders(new CollectorHeaders(headers));
        }
        Path ca = settings.tls().ca();
        if (ca != null) {
            builder.setTrustedCertificates(text(new SecretFile("outbox.tracing.tls.ca-file", ca)));
        }
        return builder.build();
    }

    private static byte[] text(SecretFile file) {
        try {
            return file.text().getBytes(StandardCharsets.US_ASCII);
        } catch (SecretFileException e) {
            throw new UncheckedIOException(e); // it was there a moment ago
        }
    }

    Tracer tracer() {
        return provider.get("dev.outboxrelay");
    }

    /** Sends what waits for {@value #STOP_MILLIS} ms at most, and says what is left. Idempotent. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        provider.shutdown().join(STOP_MILLIS, TimeUnit.MILLISECONDS);
        int left = waiting.size();
        exporter.abandon();
        threads.shutdownNow();
        if (left > 0) {
            log.atWarn()
                    .addKeyValue("spans", left)
                    .log("spans are lost: the collector did not take them before the stop");
        }
    }
}
