package dev.outboxrelay.admin;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers requests by their exact path. Everything can be read with GET and HEAD; POST is for actions on dead letters
 * alone. Nothing of the request is echoed, and no data may be stored.
 */
final class AdminPages implements HttpHandler {

    private static final Logger LOG = LoggerFactory.getLogger(AdminPages.class);
    private static final String NO_PAGE = "no such page; there are /, /livez, /readyz, /metrics and /api/status\n";

    private final Supplier<Health> health;
    private final Supplier<RelayStatus> status;
    private final MetricsPage metrics;
    private final Gate gate;
    private final Overview overview;
    private final LetterPages letters;
    private final StaticFiles files = new StaticFiles();

    AdminPages(
            Supplier<Health> health,
            Supplier<RelayStatus> status,
            MetricsPage metrics,
            LetterOffice office,
            Gate gate) {
        this.health = health;
        this.status = status;
        this.metrics = metrics;
        this.gate = gate;
        this.overview = new Overview(status, gate);
        this.letters = new LetterPages(office, gate);
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            send(exchange, answer(exchange));
        }
    }

    private Reply answer(HttpExchange exchange) {
        String path = exchange.getRequestURI().getPath();
        try {
            return page(path == null ? "" : path, exchange);
        } catch (IOException | RuntimeException e) {
            LOG.atError().addKeyValue("path", path).setCause(e).log("admin page failed");
            return Reply.text(500, "this page failed; the reason is in the relay's log\n");
        }
    }

    private Reply page(String path, HttpExchange exchange) throws IOException {
        List<String> parts = parts(exchange.getRequestURI().getRawPath());
        boolean action = LetterPages.isAction(parts);
        if (action ? !exchange.getRequestMethod().equals("POST") : !isRead(exchange)) {
            return action
                    ? Reply.text(405, "only POST is allowed here\n").with("Allow", "POST")
                    : Reply.text(405, "only GET and HEAD are allowed here\n").with("Allow", "GET, HEAD");
        }
        if (path.equals("/livez")) {
            return Reply.of(health.get().live());
        }
        if (path.equals("/readyz")) {
            return Reply.of(health.get().ready());
        }
        Optional<Reply> refused = gate.refuseHost(exchange);
        if (refused.isPresent()) {
            return refused.get();
        }
        Headers headers = exchange.getRequestHeaders();
        Optional<Reply> file = files.find(path, headers.getFirst("If-None-Match"), headers.getFirst("Accept-Encoding"));
        if (file.isPresent()) {
            return file.get();
        }
        if (action) {
            return letters.act(parts.get(2), parts.get(4), exchange);
        }
        return data(path, parts, exchange);
    }

    /** What the token may be wanted for. */
    private Reply data(String path, List<String> parts, HttpExchange exchange) throws IOException {
        if (!path.equals("/metrics") && !path.startsWith("/api/")) {
            return Reply.text(404, NO_PAGE);
        }
        Optional<Reply> refused = gate.refuseReading(exchange);
        if (refused.isPresent()) {
            return refused.get();
        }
        Headers headers = exchange.getRequestHeaders();
        String packing = headers.getFirst("Accept-Encoding");
        return switch (path) {
            case "/metrics" -> metricsFor(headers.getFirst("Accept"));
            case "/api/status" -> new Reply(200, Reply.JSON, StatusJson.of(status.get())).packedFor(packing);
            case "/api/overview" -> overview(exchange, headers.getFirst("If-None-Match"), packing);
            default -> ofTenant(parts, exchange);
        };
    }

    private Reply overview(HttpExchange exchange, @Nullable String ifNoneMatch, @Nullable String packing)
            throws IOException {
        if (query(exchange, "head") != null) {
            return overview.head().reply(ifNoneMatch, packing);
        }
        String find = query(exchange, "find");
        return (find == null || find.isBlank() ? overview.now() : overview.find(find.strip()))
                .reply(ifNoneMatch, packing);
    }

    private Reply ofTenant(List<String> parts, HttpExchange exchange) throws IOException {
        if (parts.size() < 3 || !parts.get(0).equals("api") || !parts.get(1).equals("tenants")) {
            return Reply.text(404, NO_PAGE);
        }
        if (parts.size() == 3) {
            return tenant(parts.get(2)).packedFor(exchange.getRequestHeaders().getFirst("Accept-Encoding"));
        }
        return letters.read(parts, exchange).orElseGet(() -> Reply.text(404, NO_PAGE));
    }

    private Reply tenant(String id) throws IOException {
        RelayStatus now = status.get();
        Optional<TenantStatus> found = now.tenants().stream()
                .filter(tenant -> tenant.tenant().equals(id))
                .findFirst();
        if (found.isEmpty()) {
            return Reply.problem(
                    404,
                    now.role() == Role.STANDBY
                            ? "This instance stands by and sees no tenants: ask the one that leads."
                            : "The relay knows no such tenant: no event of it came since this instance leads, and it"
                                    + " has no stream and no dead letter. Ids are case-sensitive.");
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("role", now.role());
        answer.put("tenant", found.get());
        return new Reply(200, Reply.JSON, StatusJson.of(answer));
    }

    private Reply metricsFor(@Nullable String accept) throws IOException {
        ByteArrayOutputStream page = new ByteArrayOutputStream(16 * 1024);
        metrics.writeTo(page, accept);
        return new Reply(200, metrics.contentType(accept), page.toByteArray());
    }

    private static void send(HttpExchange exchange, Reply reply) throws IOException {
        Headers headers = exchange.getResponseHeaders();
        headers.set("Content-Type", reply.contentType());
        headers.set("Cache-Control", "no-store");
        headers.set("X-Content-Type-Options", "nosniff");
        reply.headers().forEach(headers::set);
        if (!isRead(exchange)) {
            headers.set("Connection", "close"); // or a body that nobody wants would be read to its end
        }
        if (reply.status() == 304) {
            exchange.sendResponseHeaders(304, -1);
            return;
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

    /** The parts of a path between slashes, each decoded by itself, as an id may hold a slash. */
    private static List<String> parts(@Nullable String rawPath) {
        List<String> parts = new ArrayList<>();
        for (String part :
                (rawPath == null ? "" : rawPath).replaceFirst("^/", "").split("/", -1)) {
            parts.add(decoded(part.replace("+", "%2B")));
        }
        return parts;
    }

    /** A parameter of the query; null if it is not there. */
    static @Nullable String query(HttpExchange exchange, String name) {
        String query = exchange.getRequestURI().getRawQuery();
        for (String pair : (query == null ? "" : query).split("&", -1)) {
            if (pair.startsWith(name + "=")) {
                return decoded(pair.substring(name.length() + 1));
            }
        }
        return null;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
