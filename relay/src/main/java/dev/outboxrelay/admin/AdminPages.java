package dev.outboxrelay.admin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers requests by their exact path: GET and HEAD only, nothing may be stored, nothing of the request is echoed. */
final class AdminPages implements HttpHandler {

    private static final Logger LOG = LoggerFactory.getLogger(AdminPages.class);

    private final Supplier<Health> health;
    private final Supplier<RelayStatus> status;
    private final MetricsPage metrics;

    AdminPages(Supplier<Health> health, Supplier<RelayStatus> status, MetricsPage metrics) {
        this.health = health;
        this.status = status;
        this.metrics = metrics;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            send(exchange, answer(exchange));
        }
    }

    private Reply answer(HttpExchange exchange) {
        if (!isRead(exchange)) {
            exchange.getResponseHeaders().set("Allow", "GET, HEAD");
            return Reply.text(405, "only GET and HEAD are allowed here\n");
        }
        String path = exchange.getRequestURI().getPath();
        try {
            return page(path == null ? "" : path, exchange);
        } catch (IOException | RuntimeException e) {
            LOG.atError().addKeyValue("path", path).setCause(e).log("admin page failed");
            return Reply.text(500, "this page failed; the reason is in the relay's log\n");
        }
    }

    private Reply page(String path, HttpExchange exchange) throws IOException {
        return switch (path) {
            case "/livez" -> Reply.of(health.get().live());
            case "/readyz" -> Reply.of(health.get().ready());
            case "/metrics" -> metricsFor(exchange.getRequestHeaders().getFirst("Accept"));
            case "/api/status" -> new Reply(200, Reply.JSON, StatusJson.of(status.get()));
            default -> Reply.text(404, "no such page; there are /livez, /readyz, /metrics and /api/status\n");
        };
    }

    private Reply metricsFor(@Nullable String accept) throws IOException {
        ByteArrayOutputStream page = new ByteArrayOutputStream(16 * 1024);
        metrics.writeTo(page, accept);
        return new Reply(200, metrics.contentType(accept), page.toByteArray());
    }

    private static void send(HttpExchange exchange, Reply reply) throws IOException {
        var headers = exchange.getResponseHeaders();
        headers.set("Content-Type", reply.contentType());
        headers.set("Cache-Control", "no-store");
        headers.set("X-Content-Type-Options", "nosniff");
        if (!isRead(exchange)) {
            headers.set("Connection", "close"); // or a body that nobody wants would be read to its end
        }
        if (exchange.getRequestMethod().equals("HEAD")) {
            headers.set("Content-Length", Integer.toString(reply.body().length));
            exchange.sendResponseHeaders(reply.status(), -1);
            return;
        }
        exchange.sendResponseHeaders(reply.status(), reply.body().length);
        exchange.getResponseBody().write(reply.body());
    }

    private static boolean isRead(HttpExchange exchange) {
        return exchange.getRequestMethod().equals("GET")
                || exchange.getRequestMethod().equals("HEAD");
    }
}
