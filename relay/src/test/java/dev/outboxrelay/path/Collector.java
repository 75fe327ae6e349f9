package dev.outboxrelay.path;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.GZIPInputStream;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** A collector that takes spans by OTLP over HTTP, or refuses them, or never answers. Any thread. */
final class Collector implements AutoCloseable {

    /** How it takes what is sent. */
    enum Mood {
        TAKES,
        REFUSES,
        HANGS
    }

    /** A span as it came, with the attributes of whoever sent it. */
    record Got(Map<String, Object> resource, Span span) {

        String traceId() {
            return HexFormat.of().formatHex(span.getTraceId().toByteArray());
        }

        String parentId() {
            return HexFormat.of().formatHex(span.getParentSpanId().toByteArray());
        }

        Map<String, Object> attributes() {
            return map(span.getAttributesList());
        }

        String eventId() {
            return String.valueOf(attributes().get("messaging.message.id"));
        }
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final List<Got> spans = new CopyOnWriteArrayList<>();
    private final List<String> logins = new CopyOnWriteArrayList<>();
    private volatile Mood mood = Mood.TAKES;
    private volatile int requests;

    private Collector(HttpServer server) {
        this.server = server;
        server.createContext("/v1/traces", this::answer);
        server.setExecutor(threads);
        server.start();
    }

    static Collector start() throws IOException {
        return new Collector(HttpServer.create(address(), 0));
    }

    /** One that has to be spoken to by TLS. */
    static Collector start(SSLContext context) throws IOException {
        HttpsServer server = HttpsServer.create(address(), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        return new Collector(server);
    }

    private static InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    void mood(Mood now) {
        mood = now;
    }

    /** Its {@code host:port}. */
    String hostAndPort() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    /** Every span that it took, in the order in which they came. */
    List<Got> spans() {
        return List.copyOf(spans);
    }

    /** What each request had in its header {@code Authorization}. */
    List<String> logins() {
        return List.copyOf(logins);
    }

    /** How many requests have come. */
    int requests() {
        return requests;
    }

    private synchronized void count() {
        requests++;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            count();
            byte[] body = exchange.getRequestBody().readAllBytes();
            logins.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
            switch (mood) {
                case TAKES -> {
                    take(body, exchange.getRequestHeaders().getFirst("Content-Encoding"));
                    exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
                    exchange.sendResponseHeaders(200, -1);
                }
                case REFUSES -> exchange.sendResponseHeaders(500, -1);
                case HANGS -> {
                    try {
                        closing.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }
            }
        }
    }

    private void take(byte[] body, @Nullable String encoding) throws IOException {
        InputStream raw = new java.io.ByteArrayInputStream(body);
        try (InputStream plain = "gzip".equals(encoding) ? new GZIPInputStream(raw) : raw) {
            List<Got> got = new ArrayList<>();
            for (ResourceSpans sender :
                    ExportTraceServiceRequest.parseFrom(plain).getResourceSpansList()) {
                Map<String, Object> resource = map(sender.getResource().getAttributesList());
                for (ScopeSpans scope : sender.getScopeSpansList()) {
                    scope.getSpansList().forEach(span -> got.add(new Got(resource, span)));
                }
            }
            spans.addAll(got);
        }
    }

    private static Map<String, Object> map(List<KeyValue> attributes) {
        Map<String, Object> all = new TreeMap<>();
        attributes.forEach(attribute -> all.put(attribute.getKey(), value(attribute.getValue())));
        return all;
    }

    private static Object value(AnyValue value) {
        return switch (value.getValueCase()) {
            case STRING_VALUE -> value.getStringValue();
            case INT_VALUE -> value.getIntValue();
            case BOOL_VALUE -> value.getBoolValue();
            default -> value.toString();
        };
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
        threads.shutdown();
    }
}
