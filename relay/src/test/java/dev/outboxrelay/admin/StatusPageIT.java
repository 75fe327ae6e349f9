package dev.outboxrelay.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.config.AdminAccess;
import dev.outboxrelay.config.Secret;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The page, who may ask for what, and dead letters over HTTP; the table of dead letters itself is elsewhere. */
@Timeout(60)
class StatusPageIT {

    private static final String TOKEN = "0123456789abcdef-the-token";
    private static final String LETTERS = "/api/tenants/acme/dead-letters";
    private static final AdminAccess WITH_TOKEN =
            new AdminAccess(new Secret(TOKEN), null, false, List.of("relay.example"));
    private static final AdminAccess CLOSED = new AdminAccess(new Secret(TOKEN), null, true, List.of());

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final Office office = new Office();
    private volatile RelayStatus status = RelayStatusTest.status();
    private @Nullable AdminServer server;

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    // ------------------------------------------------------------------------------------------ the page itself

    @Test
    void the_page_and_its_files_are_there_and_may_load_nothing_from_elsewhere() throws Exception {
        start(AdminAccess.READING);
        HttpResponse<String> page = get("/");

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Type")).hasValue("text/html; charset=utf-8");
        String policy = page.headers().firstValue("Content-Security-Policy").orElseThrow();
        assertThat(policy).contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'");
        assertThat(policy).doesNotContain("unsafe");
        assertThat(page.body())
                .as("what the policy would not run anyway")
                .doesNotContainPattern("<script[^>]*>[^<]|<style|\\son[a-z]+=|\\sstyle=|https?://");
        Matcher files = Pattern.compile("(?:href|src)=\"(page/[^\"]+)\"").matcher(page.body());
        List<String> found = new ArrayList<>();
        while (files.find()) {
            assertThat(get("/" + files.group(1)).statusCode())
                    .as(files.group(1))
                    .isEqualTo(200);
            found.add(files.group(1));
        }
        assertThat(found).containsExactlyInAnyOrder("page/icon.svg", "page/style.css", "page/app.js");
        assertThat(get("/page/app.js").body())
                .as("the relay's texts are never HTML, and nothing is asked for elsewhere")
                .doesNotContain("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "//cdn")
                .doesNotContainPattern("https?://");
    }

    @Test
    void a_file_that_has_not_changed_is_not_sent_again() throws Exception {
        start(AdminAccess.READING);
        String tag = get("/page/app.js").headers().firstValue("ETag").orElseThrow();

        HttpResponse<String> again = send(request("/page/app.js").header("If-None-Match", tag));

        assertThat(again.statusCode()).isEqualTo(304);
        assertThat(again.body()).isEmpty();
        assertThat(again.headers().firstValue("Cache-Control")).hasValue("no-cache");
    }

    @Test
    void answers_are_packed_for_those_who_take_them_so() throws Exception {
        start(AdminAccess.READING);
        status = RelayStatusTest.status(tenants(5_000));
        String plain = get("/api/overview").body();

        for (String path : List.of("/", "/api/status", "/api/overview")) {
            HttpResponse<byte[]> packed = client.send(
                    request(path).header("Accept-Encoding", "gzip, br").build(), BodyHandlers.ofByteArray());
            assertThat(packed.headers().firstValue("Content-Encoding")).as(path).hasValue("gzip");
            assertThat(packed.headers().firstValue("Vary")).hasValue("Accept-Encoding");
            try (InputStream unpacked = new GZIPInputStream(new ByteArrayInputStream(packed.body()))) {
                assertThat(unpacked.readAllBytes()).isNotEmpty();
            }
            System.out.println(path + " for 5,000 tenants: " + packed.body().length + " bytes packed");
        }
        System.out.println("/api/overview: " + plain.length() + " bytes plain");
    }

    // ------------------------------------------------------------------------------------------ what it asks for

    @Test
    void the_overview_has_the_head_and_a_row_for_each_of_the_worst() throws Exception {
        start(AdminAccess.READING);
        status = RelayStatusTest.status(tenants(5_003));

        JsonNode overview = json(get("/api/overview"));

        assertThat(overview.path("role").asText()).isEqualTo("leader");
        assertThat(overview.path("leader").path("instance").asText()).isEqualTo("relay/1");
        assertThat(overview.path("actions").asBoolean()).isFalse();
        assertThat(overview.path("tenants").asInt()).isEqualTo(5_003);
        assertThat(overview.path("fares").path("fine").asInt()).isEqualTo(5_003);
        assertThat(overview.path("rows")).hasSize(5_000);
        assertThat(overview.path("rows").path(0)).hasSameSizeAs(overview.path("columns"));
        JsonNode found = json(get("/api/overview?find=T5002"));
        assertThat(found.path("rows")).hasSize(1);
        assertThat(found.path("rows").path(0).path(0).asText()).isEqualTo("t5002");
        assertThat(json(get("/api/overview?head=1")).has("rows")).isFalse();
    }

    @Test
    void an_overview_that_is_the_same_is_not_sent_again() throws Exception {
        start(AdminAccess.READING);
        String tag = get("/api/overview").headers().firstValue("ETag").orElseThrow();

        assertThat(send(request("/api/overview").header("If-None-Match", tag)).statusCode())
                .isEqualTo(304);
    }

    @Test
    void one_tenant_whatever_its_name_is() throws Exception {
        start(AdminAccess.READING);
        status = RelayStatusTest.status(tenant("a/b c+%é"));

        assertThat(json(get("/api/tenants/a%2Fb%20c+%25%C3%A9"))
                        .path("tenant")
                        .path("stream")
                        .asText())
                .isEqualTo("TENANT_X");
        assertThat(get("/api/tenants/other").statusCode()).isEqualTo(404);
        assertThat(json(get("/api/tenants/other")).path("error").asText()).contains("no such tenant");
    }

    // ------------------------------------------------------------------------------------------ reading

    @ParameterizedTest
    @ValueSource(strings = {"/metrics", "/api/status", "/api/overview", "/api/tenants/acme", LETTERS})
    void reading_wants_the_token_where_it_is_set_so(String path) throws Exception {
        status = RelayStatusTest.status(tenant("acme"));
        start(CLOSED);

        HttpResponse<String> without = get(path);
        assertThat(without.statusCode()).isEqualTo(401);
        assertThat(without.headers().firstValue("WWW-Authenticate")).hasValue("Bearer realm=\"outbox-relay\"");
        HttpResponse<String> wrong = send(request(path).header("Authorization", "Bearer " + TOKEN + "x"));
        assertThat(wrong.statusCode()).isEqualTo(401);
        assertThat(wrong.headers().firstValue("WWW-Authenticate").orElseThrow()).contains("invalid_token");
        assertThat(send(authorized(path)).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/livez", "/readyz", "/", "/page/app.js", "/page/style.css"})
    void health_and_the_empty_page_never_want_it(String path) throws Exception {
        start(CLOSED);

        assertThat(get(path).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/metrics", "/api/status", "/api/overview", "/api/tenants/acme", LETTERS})
    void reading_is_open_otherwise(String path) throws Exception {
        status = RelayStatusTest.status(tenant("acme"));
        start(WITH_TOKEN);

        assertThat(get(path).statusCode()).isEqualTo(200);
    }

    // ------------------------------------------------------------------------------------------ letters

    @Test
    void a_list_has_no_payload_and_a_letter_is_shown_whole_only_with_the_token() throws Exception {
        start(WITH_TOKEN);

        JsonNode list = json(get(LETTERS + "?limit=2&state=dead,parked"));
        assertThat(list.path("letters")).hasSize(2);
        assertThat(list.path("more").asBoolean()).isTrue();
        assertThat(list.path("letters").path(0).path("event_id").asText()).isEqualTo("e1");
        assertThat(list.toString()).doesNotContain("payload_base64", "headers");
        assertThat(get(LETTERS + "/1").statusCode()).isEqualTo(401);
        assertThat(json(send(authorized(LETTERS + "/1")))
                        .path("letter")
                        .path("payload_base64")
                        .asText())
                .isEqualTo("e30=");
        assertThat(send(authorized(LETTERS + "/77")).statusCode()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"?state=sent", "?state=dead,nonsense", "?limit=0"})
    void a_list_of_what_is_no_state_is_refused(String query) throws Exception {
        start(WITH_TOKEN);

        assertThat(get(LETTERS + query).statusCode()).isEqualTo(400);
    }

    @Test
    void an_action_reaches_the_office_and_is_answered() throws Exception {
        start(WITH_TOKEN);

        JsonNode done = json(act("replay", "{\"letters\": [1, 2]}")).path("done");

        assertThat(done.path("changed").asInt()).isEqualTo(2);
        assertThat(office.asked).containsExactly("REPLAY acme [1, 2] 0 0");
        JsonNode all = json(act("discard", "{\"all\": true, \"after\": 5, \"up_to\": 9}"))
                .path("done");
        assertThat(all.path("more").asBoolean()).isFalse();
        assertThat(office.asked.get(1)).isEqualTo("DISCARD acme [] 5 9");
    }

    @Test
    void without_a_token_configured_there_is_no_action_and_no_payload() throws Exception {
        start(AdminAccess.READING);

        HttpResponse<String> refused = send(action("replay", "{\"letters\": [1]}", Map.of()));

        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(refused.body()).contains("outbox.admin.token-file");
        assertThat(send(action("discard", "{\"letters\": [1]}", Map.of("Authorization", "Bearer ")))
                        .statusCode())
                .isEqualTo(403);
        assertThat(get(LETTERS + "/1").statusCode()).isEqualTo(403);
        assertThat(office.asked).isEmpty();
    }

    @Test
    void without_the_right_token_nothing_is_done() throws Exception {
        start(WITH_TOKEN);

        HttpResponse<String> without = send(action("replay", "{\"letters\": [1]}", Map.of()));
        assertThat(without.statusCode()).isEqualTo(401);
        assertThat(without.headers().firstValue("WWW-Authenticate")).isPresent();
        assertThat(send(action("replay", "{\"letters\": [1]}", Map.of("Authorization", "Bearer " + TOKEN + "x")))
                        .statusCode())
                .isEqualTo(401);
        assertThat(office.asked).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "Sec-Fetch-Site, cross-site",
        "Sec-Fetch-Site, same-site",
        "Sec-Fetch-Site, none",
        "Origin, http://evil.example",
        "Origin, 'null'",
    })
    void pages_of_other_sites_do_nothing_even_with_the_token(String header, String value) throws Exception {
        start(WITH_TOKEN);

        HttpResponse<String> refused =
                send(action("replay", "{\"letters\": [1]}", Map.of("Authorization", "Bearer " + TOKEN, header, value)));

        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(office.asked).isEmpty();
    }

    @Test
    void the_page_itself_may() throws Exception {
        start(WITH_TOKEN);
        String origin = "http://127.0.0.1:" + port();

        assertThat(send(action(
                                "replay",
                                "{\"letters\": [1]}",
                                Map.of("Authorization", "Bearer " + TOKEN, "Origin", origin)))
                        .statusCode())
                .isEqualTo(200);
        assertThat(send(action(
                                "replay",
                                "{\"letters\": [1]}",
                                Map.of(
                                        "Authorization",
                                        "Bearer " + TOKEN,
                                        "Origin",
                                        "https://relay.example",
                                        "Sec-Fetch-Site",
                                        "same-origin")))
                        .statusCode())
                .as("behind a proxy that ends TLS, the browser's own word counts")
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "[]",
                "{}",
                "{\"letters\": []}",
                "{\"letters\": [\"1\"]}",
                "{\"letters\": [1.5]}",
                "{\"letters\": [99999999999999999999]}",
                "{\"letters\": [1], \"all\": true}",
                "{\"all\": false}",
                "{\"all\": \"true\"}",
                "{\"all\": true, \"after\": -1}",
                "{\"all\": true, \"after\": \"7\"}",
                "{\"all\": true, \"up_to\": null}",
                "{\"all\": true, \"upto\": 7}",
                "{\"all\": true, \"letter\": [1]}",
                "{\"letters\": {\"x\": 1}}",
                "{\"all\": true} 7",
                "{\"letters\": [1], \"letters\": [2]}"
            })
    void a_body_that_does_not_say_which_letters_is_refused(String body) throws Exception {
        start(WITH_TOKEN);

        assertThat(act("discard", body).statusCode()).isEqualTo(400);
        assertThat(office.asked).isEmpty();
    }

    @Test
    void a_body_that_is_too_long_or_no_json_is_refused() throws Exception {
        start(WITH_TOKEN);

        assertThat(act("discard", "{\"letters\": [" + "1,".repeat(40_000) + "1]}")
                        .statusCode())
                .isEqualTo(413);
        assertThat(act(
                                "discard",
                                "{\"letters\": ["
                                        + String.join(
                                                ",",
                                                IntStream.range(0, 501)
                                                        .mapToObj(Integer::toString)
                                                        .toList())
                                        + "]}")
                        .statusCode())
                .isEqualTo(400);
        HttpRequest.Builder form = request(LETTERS + "/discard")
                .header("Authorization", "Bearer " + TOKEN)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString("{\"letters\": [1]}"));
        assertThat(send(form).statusCode()).isEqualTo(415);
        assertThat(office.asked).isEmpty();
    }

    @Test
    void an_action_is_never_a_get_and_reading_never_a_post() throws Exception {
        start(WITH_TOKEN);

        HttpResponse<String> get = send(authorized(LETTERS + "/replay"));
        assertThat(get.statusCode()).isEqualTo(405);
        assertThat(get.headers().firstValue("Allow")).hasValue("POST");
        assertThat(send(authorized(LETTERS).POST(BodyPublishers.ofString("{}"))).statusCode())
                .isEqualTo(405);
        assertThat(send(authorized(LETTERS + "/1").POST(BodyPublishers.ofString("{}")))
                        .statusCode())
                .isEqualTo(405);
        assertThat(office.asked).isEmpty();
    }

    @Test
    void a_tenant_that_no_text_of_postgres_can_be_is_nobody_and_asks_nobody() throws Exception {
        start(WITH_TOKEN);
        office.problem = "invalid byte sequence for encoding \"UTF8\": 0x00";

        assertThat(get("/api/tenants/a%00/dead-letters").statusCode()).isEqualTo(404);
        HttpRequest.Builder action = request("/api/tenants/a%00/dead-letters/replay")
                .header("Authorization", "Bearer " + TOKEN)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"letters\": [1]}"));
        assertThat(send(action).statusCode()).isEqualTo(400);
    }

    @Test
    void a_table_that_cannot_be_read_is_said_without_details() throws Exception {
        start(WITH_TOKEN);
        office.problem = "secret detail";

        HttpResponse<String> failed = get(LETTERS);

        assertThat(failed.statusCode()).isEqualTo(503);
        assertThat(failed.body()).contains("the relay's log").doesNotContain("secret");
    }

    @Test
    void slow_requests_for_letters_take_two_places_and_leave_health_alone() throws Exception {
        start(WITH_TOKEN);
        CountDownLatch slow = new CountDownLatch(1);
        office.slow = slow;
        var first = client.sendAsync(request(LETTERS).build(), BodyHandlers.ofString());
        var second = client.sendAsync(request(LETTERS).build(), BodyHandlers.ofString());
        assertThat(office.entered.await(20, TimeUnit.SECONDS)).isTrue();

        HttpResponse<String> third = get(LETTERS);

        assertThat(third.statusCode()).isEqualTo(503);
        assertThat(third.headers().firstValue("Retry-After")).isPresent();
        assertThat(get("/livez").statusCode()).isEqualTo(200);
        slow.countDown();
        assertThat(first.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
        assertThat(second.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    }

    // ------------------------------------------------------------------------------------------ host names

    @ParameterizedTest
    @CsvSource({
        "/api/status, evil.example, 421",
        "/api/status, evil.example:8080, 421",
        "/metrics, localhost.evil.example, 421",
        "/, 10.0.0.1, 421",
        "/livez, evil.example, 200",
        "/readyz, 10.0.0.1:8080, 200",
        "/api/status, localhost, 200",
        "/api/status, LOCALHOST:9999, 200",
        "/api/status, 127.0.0.1:1, 200",
        "/api/status, [::1]:8080, 200",
        "/api/status, relay.example:443, 200",
    })
    void on_loopback_only_names_of_loopback_and_those_that_are_set_are_answered(String path, String host, int code)
            throws Exception {
        start(WITH_TOKEN);

        assertThat(raw("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 " + code + " ");
    }

    // ------------------------------------------------------------------------------------------ the rest

    private void start(AdminAccess access) throws IOException {
        Health fine = new Health(new Health.Verdict(true, List.of("a")), new Health.Verdict(true, List.of("r")));
        AdminServer made = new AdminServer("127.0.0.1", 0, access, () -> fine, () -> status, new NoMetrics(), office);
        made.start();
        server = made;
    }

    private int port() {
        if (server == null) {
            throw new IllegalStateException("not started");
        }
        return server.port();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
                .timeout(Duration.ofSeconds(20));
    }

    private HttpRequest.Builder authorized(String path) {
        return request(path).header("Authorization", "Bearer " + TOKEN);
    }

    private HttpRequest.Builder action(String word, String body, Map<String, String> headers) {
        HttpRequest.Builder request = request(LETTERS + "/" + word)
                .header("Content-Type", "application/json; charset=utf-8")
                .POST(BodyPublishers.ofString(body));
        headers.forEach(request::header);
        return request;
    }

    private HttpResponse<String> act(String word, String body) throws Exception {
        return send(action(word, body, Map.of("Authorization", "Bearer " + TOKEN)));
    }

    private HttpResponse<String> get(String path) throws Exception {
        return send(request(path));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> response) throws IOException {
        return new ObjectMapper().readTree(response.body());
    }

    private String raw(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
            socket.setSoTimeout(20_000);
            OutputStream out = socket.getOutputStream();
            out.write(request.getBytes(StandardCharsets.US_ASCII));
            out.flush();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static TenantStatus[] tenants(int number) {
        return IntStream.range(0, number).mapToObj(i -> tenant("t" + i)).toArray(TenantStatus[]::new);
    }

    private static TenantStatus tenant(String id) {
        return TenantStatus.of(TenantStatus.Facts.idle(id, "TENANT_X", 7, 0L, List.of()));
    }

    private static final class Office implements LetterOffice {

        private final List<String> asked = new ArrayList<>();
        private final CountDownLatch entered = new CountDownLatch(2);
        private volatile String problem = "";
        private volatile @Nullable CountDownLatch slow;

        @Override
        public List<Item> list(String tenant, Set<String> states, int limit) throws IOException {
            if (!problem.isEmpty()) {
                throw new IOException(problem);
            }
            entered.countDown();
            CountDownLatch waiting = slow;
            if (waiting != null) {
                try {
                    boolean unused = waiting.await(20, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            return IntStream.rangeClosed(1, limit).mapToObj(Office::item).toList();
        }

        @Override
        public Optional<Whole> show(String tenant, long seq) {
            return seq == 77 ? Optional.empty() : Optional.of(new Whole(item((int) seq), "{}", "e30=", true));
        }

        @Override
        public Done act(Action action, String tenant, Which which) {
            asked.add(action + " " + tenant + " "
                    + which.letters().stream().sorted().toList() + " " + which.after() + " " + which.upTo());
            return new Done(which.letters().size(), 0, List.of(), 0, 0, which.after(), which.upTo(), false);
        }

        private static Item item(int seq) {
            return new Item(
                    seq,
                    "event",
                    "dead",
                    "outbox.message",
                    "e" + seq,
                    "a.b",
                    "invalid_subject",
                    "no",
                    1,
                    2L,
                    Instant.EPOCH,
                    Instant.EPOCH);
        }
    }

    private static final class NoMetrics implements MetricsPage {
        @Override
        public String contentType(@Nullable String accept) {
            return "text/plain; version=0.0.4";
        }

        @Override
        public void writeTo(OutputStream out, @Nullable String accept) throws IOException {
            out.write('x');
        }
    }
}
