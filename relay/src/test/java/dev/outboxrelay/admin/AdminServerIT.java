package dev.outboxrelay.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class AdminServerIT {

    static {
        System.setProperty("sun.net.httpserver.maxReqTime", "1"); // an operator's own limit wins; here it saves time
    }

    private static final Duration DEADLINE = Duration.ofSeconds(20);

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final Page metrics = new Page();
    private final List<Socket> sockets = new ArrayList<>();
    private volatile Health health = verdicts(true, true);
    private volatile Supplier<RelayStatus> status = RelayStatusTest::status;
    private final AdminServer server = new AdminServer("127.0.0.1", 0, () -> health, () -> status.get(), metrics);

    @BeforeEach
    void start() throws IOException {
        server.start();
    }

    @AfterEach
    void stop() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
        server.close();
    }

    @Test
    void livez_and_readyz_answer_200_with_the_reason_as_plain_text() throws Exception {
        assertThat(get("/livez")).satisfies(is(200, "text/plain; charset=utf-8", "live line\n"));
        assertThat(get("/readyz")).satisfies(is(200, "text/plain; charset=utf-8", "ready line\n"));
    }

    @Test
    void livez_and_readyz_answer_503_when_the_verdict_is_no() throws Exception {
        health = verdicts(false, false);

        assertThat(get("/livez")).satisfies(is(503, "text/plain; charset=utf-8", "live line\n"));
        assertThat(get("/readyz")).satisfies(is(503, "text/plain; charset=utf-8", "ready line\n"));
    }

    @Test
    void metrics_answers_in_the_format_that_the_accept_header_asks_for() throws Exception {
        HttpRequest request = request("/metrics")
                .header("Accept", "application/openmetrics-text")
                .build();

        assertThat(client.send(request, BodyHandlers.ofString()))
                .satisfies(is(200, "application/openmetrics-text", "page"));
        assertThat(get("/metrics")).satisfies(is(200, "text/plain; version=0.0.4", "page"));
    }

    @Test
    void status_answers_json() throws Exception {
        HttpResponse<String> response = get("/api/status");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
        assertThat(response.body()).contains("\"confirmed_lsn\" : null");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/livez", "/metrics", "/api/status", "/nothing"})
    void no_answer_may_be_stored_or_sniffed(String path) throws Exception {
        var headers = get(path).headers();

        assertThat(headers.firstValue("Cache-Control")).hasValue("no-store");
        assertThat(headers.firstValue("X-Content-Type-Options")).hasValue("nosniff");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/livez", "/readyz", "/metrics", "/api/status", "/nothing"})
    void head_answers_what_get_would_without_a_body(String path) throws Exception {
        HttpResponse<String> get = get(path);

        HttpResponse<String> head = client.send(
                request(path).method("HEAD", BodyPublishers.noBody()).build(), BodyHandlers.ofString());

        assertThat(head.statusCode()).isEqualTo(get.statusCode());
        assertThat(head.body()).isEmpty();
        assertThat(head.headers().firstValue("Content-Type"))
                .isEqualTo(get.headers().firstValue("Content-Type"));
        assertThat(head.headers().firstValue("Content-Length"))
                .hasValue(Integer.toString(get.body().length()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS"})
    void other_methods_are_refused_with_405(String method) throws Exception {
        HttpRequest request = request("/livez")
                .method(method, BodyPublishers.ofString("x".repeat(1000)))
                .build();

        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());

        assertThat(response.statusCode()).isEqualTo(405);
        assertThat(response.headers().firstValue("Allow")).hasValue("GET, HEAD");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/page",
                "/page/",
                "/index.html",
                "/livez/",
                "/livezz",
                "/api",
                "/api/status/x",
                "/metrics/..",
                "/%2e%2e/livez"
            })
    void other_paths_are_not_found_and_are_not_echoed(String path) throws Exception {
        assertThat(get(path))
                .satisfies(is(
                        404,
                        "text/plain; charset=utf-8",
                        "no such page; there are /, /livez, /readyz, /metrics and /api/status\n"));
    }

    @Test
    void a_page_that_fails_is_a_500_without_details_and_the_next_one_works() throws Exception {
        status = () -> {
            throw new IllegalStateException("secret detail");
        };

        HttpResponse<String> failed = get("/api/status");

        assertThat(failed.statusCode()).isEqualTo(500);
        assertThat(failed.body()).doesNotContain("secret");
        assertThat(get("/livez").statusCode()).isEqualTo(200);
    }

    @Test
    void a_taken_port_is_an_error_that_names_address_cause_and_next_step() {
        AdminServer second = new AdminServer("127.0.0.1", server.port(), () -> health, () -> status.get(), metrics);

        assertThatThrownBy(second::start)
                .isInstanceOf(AdminBindException.class)
                .hasMessageContaining("127.0.0.1:" + server.port())
                .hasMessageContaining("Address already in use")
                .hasMessageContaining("outbox.admin.bind");
    }

    @Test
    void an_address_of_another_machine_is_an_error_that_names_it() {
        AdminServer elsewhere = new AdminServer("192.0.2.1", 0, () -> health, () -> status.get(), metrics);

        assertThatThrownBy(elsewhere::start)
                .isInstanceOf(AdminBindException.class)
                .hasMessageContaining("192.0.2.1:0")
                .hasMessageContaining("outbox.admin.bind");
    }

    @Test
    void a_blank_host_never_means_all_interfaces() {
        assertThatThrownBy(() -> new AdminServer(" ", 0, () -> health, () -> status.get(), metrics))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0.0.0.0");
    }

    @Test
    void bound_to_loopback_it_listens_on_that_address_alone() {
        assertThatThrownBy(() -> {
                    Socket socket = open();
                    socket.connect(new InetSocketAddress("127.0.0.2", server.port()), 2000);
                })
                .isInstanceOf(IOException.class);
    }

    @Test
    void a_client_that_sends_half_a_request_does_not_block_livez() throws Exception {
        sendHalfARequest();
        await(() -> threadsReadingARequest() >= 1);

        assertThat(get("/livez").statusCode()).isEqualTo(200);
    }

    @Test
    void slow_clients_on_every_thread_are_cut_off_and_livez_answers() throws Exception {
        for (int i = 0; i < 8; i++) {
            sendHalfARequest();
        }
        await(() -> threadsReadingARequest() == 8);

        assertThat(get("/livez").statusCode()).isEqualTo(200);
    }

    @Test
    void a_client_that_does_not_read_its_answer_does_not_block_livez() throws Exception {
        metrics.body = "x".repeat(32 * 1024 * 1024);
        Socket socket = open();
        socket.setReceiveBufferSize(4096);
        connect(socket);
        send(socket, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await(() -> metrics.written);

        assertThat(get("/livez").statusCode()).isEqualTo(200);
    }

    @Test
    void closing_twice_is_fine_and_frees_the_port() throws IOException {
        int port = server.port();

        server.close();
        server.close();

        try (AdminServer next = new AdminServer("127.0.0.1", port, () -> health, () -> status.get(), metrics)) {
            next.start();
            assertThat(next.port()).isEqualTo(port);
        }
    }

    private static Health verdicts(boolean live, boolean ready) {
        return new Health(
                new Health.Verdict(live, List.of("live line")), new Health.Verdict(ready, List.of("ready line")));
    }

    private static Consumer<HttpResponse<String>> is(int code, String type, String body) {
        return response -> {
            assertThat(response.statusCode()).isEqualTo(code);
            assertThat(response.headers().firstValue("Content-Type")).hasValue(type);
            assertThat(response.body()).isEqualTo(body);
        };
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(request(path).build(), BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .timeout(DEADLINE);
    }

    private void sendHalfARequest() throws IOException {
        Socket socket = open();
        connect(socket);
        send(socket, "GET /livez HTTP/1.1\r\nHost: x");
    }

    private Socket open() {
        Socket socket = new Socket();
        sockets.add(socket);
        return socket;
    }

    private void connect(Socket socket) throws IOException {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    }

    private static void send(Socket socket, String text) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(text.getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    private static long threadsReadingARequest() {
        return Thread.getAllStackTraces().entrySet().stream()
                .filter(thread -> thread.getKey().getName().startsWith("admin-http-"))
                .filter(thread -> Arrays.stream(thread.getValue())
                        .anyMatch(frame -> frame.getClassName().equals("sun.net.httpserver.Request")))
                .count();
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + DEADLINE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("the condition did not come true within " + DEADLINE);
            }
            LockSupport.parkNanos(5_000_000);
        }
    }

    private static final class Page implements MetricsPage {

        private volatile String body = "page";
        private volatile boolean written;

        @Override
        public String contentType(@Nullable String accept) {
            return accept != null && accept.contains("openmetrics")
                    ? "application/openmetrics-text"
                    : "text/plain; version=0.0.4";
        }

        @Override
        public void writeTo(OutputStream out, @Nullable String accept) throws IOException {
            out.write(body.getBytes(StandardCharsets.US_ASCII));
            written = true;
        }
    }
}
