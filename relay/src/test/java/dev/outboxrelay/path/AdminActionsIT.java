package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.admin.RelayStatus;
import dev.outboxrelay.admin.Role;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dead letters decided about over HTTP, with a real relay under its own role: no right beyond those it has anyway. */
final class AdminActionsIT {

    private static final String TOKEN = "0123456789abcdef-token-one";

    @TempDir
    private static Path folder;

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static Outbox outbox;
    private static TestNats nats;
    private static Connection client;
    private static Map<String, String> settings;
    private static RelayRig rig;
    private static int tenants;

    @BeforeAll
    static void start() throws Exception {
        nats = TestNats.start();
        client = nats.connection();
        outbox = Outbox.create("admin_actions");
        Path token = Files.writeString(folder.resolve("token"), TOKEN + "\n");
        settings = Map.of("outbox.admin.token-file", token.toString());
        rig = outbox.relay(nats, settings).awaitStreaming();
    }

    @AfterAll
    static void stop() throws Exception {
        rig.close();
        nats.close();
        outbox.close();
    }

    @Test
    void letters_are_replayed_once_and_others_discarded_by_whoever_has_the_token() throws Exception {
        String tenant = "tenant-" + tenants++;
        List<Row> dead = deadLetters(tenant, 3);
        List<Long> seqs = new ArrayList<>();
        get(tenant, "")
                .path("letters")
                .forEach(letter -> seqs.add(letter.path("seq").asLong()));
        assertThat(seqs).hasSize(3);
        assertThat(get(tenant, "/" + seqs.get(0))
                        .path("letter")
                        .path("payload_base64")
                        .asText())
                .isEqualTo(Base64.getEncoder().encodeToString(new byte[3_000]));

        assertThat(act(tenant, "discard", "{\"letters\": [" + seqs.get(1) + "]}")
                        .path("changed")
                        .asInt())
                .isEqualTo(1);
        JsonNode done = act(tenant, "replay", "{\"letters\": [" + seqs.get(0) + ", " + seqs.get(1) + "]}");
        assertThat(done.path("changed").asInt()).isEqualTo(1);
        assertThat(done.path("elsewhere").asInt()).as("the discarded one").isEqualTo(1);

        Await.until(
                "it is published",
                () -> Streams.ids(client, tenant).contains(dead.get(0).id()));
        Await.until(
                "its row says so",
                () -> "published".equals(outbox.status(dead.get(0).id())));
        assertThat(Streams.ids(client, tenant))
                .filteredOn(id -> dead.stream().anyMatch(row -> row.id().equals(id)))
                .containsExactly(dead.get(0).id());
        assertThat(states(tenant)).containsExactly("replayed", "discarded", "dead");
    }

    @Test
    void all_of_a_tenant_are_replayed_in_order_and_nobody_elses() throws Exception {
        String tenant = "tenant-" + tenants++;
        String other = "tenant-" + tenants++;
        List<Row> dead = deadLetters(tenant, 5);
        deadLetters(other, 1);

        JsonNode done = act(tenant, "replay", "{\"all\": true}");

        assertThat(done.path("changed").asInt()).isEqualTo(5);
        assertThat(done.path("more").asBoolean()).isFalse();
        List<String> ids = dead.stream().map(Row::id).toList();
        Await.until("they are published", () -> Streams.ids(client, tenant).containsAll(ids));
        assertThat(Streams.ids(client, tenant)).filteredOn(ids::contains).containsExactlyElementsOf(ids);
        assertThat(states(other)).containsExactly("dead");
        assertThat(act(other, "discard", "{\"all\": true}").path("changed").asInt())
                .isEqualTo(1);
        assertThat(states(other)).containsExactly("discarded");
    }

    @Test
    void a_letter_of_another_tenant_is_not_touched() throws Exception {
        String tenant = "tenant-" + tenants++;
        deadLetters(tenant, 1);
        String seq = Objects.requireNonNull(
                outbox.value("SELECT seq FROM outbox.dead_letter WHERE tenant_id = '" + tenant + "'"));

        assertThat(act("somebody-else", "discard", "{\"letters\": [" + seq + "]}")
                        .path("changed")
                        .asInt())
                .isZero();
        assertThat(send("GET", "somebody-else", "/" + seq, "", TOKEN)
                        .path("error")
                        .asText())
                .contains("no such letter");
        assertThat(states(tenant)).containsExactly("dead");
    }

    @Test
    void a_standby_knows_who_leads() throws Exception {
        try (RelayRig second = outbox.relay(nats, settings)) {
            Await.until("a standby", () -> second.relay().status().role() == Role.STANDBY);
            RelayStatus.Leader leads =
                    Objects.requireNonNull(rig.relay().status().leader());
            RelayStatus.Leader known =
                    Objects.requireNonNull(second.relay().status().leader());

            assertThat(known.instance()).isEqualTo(leads.instance());
        }
    }

    /** Events that their stream refused, which takes them from now on. */
    private static List<Row> deadLetters(String tenant, int many) throws Exception {
        client.jetStreamManagement()
                .addStream(Streams.preparedFor(tenant).maximumMessageSize(2_000).build());
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < many; i++) {
            rows.add(Row.of(tenant).with(new byte[3_000]));
        }
        outbox.insert(rows);
        Await.until(
                "they are dead letters",
                () -> outbox.count("outbox.dead_letter WHERE state = 'dead' AND tenant_id = '" + tenant + "'") == many);
        client.jetStreamManagement().updateStream(Streams.preparedFor(tenant).build());
        return rows;
    }

    private static List<String> states(String tenant) throws Exception {
        return List.of(String.valueOf(outbox.value(
                        "SELECT string_agg(state, ' ' ORDER BY seq) FROM outbox.dead_letter WHERE tenant_id = '"
                                + tenant + "'"))
                .split(" ", -1));
    }

    private static JsonNode get(String tenant, String rest) throws IOException, InterruptedException {
        return send("GET", tenant, rest, "", TOKEN);
    }

    private static JsonNode act(String tenant, String word, String body) throws IOException, InterruptedException {
        return send("POST", tenant, "/" + word, body, TOKEN).path("done");
    }

    private static JsonNode send(String method, String tenant, String rest, String body, String token)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:"
                        + rig.relay().adminPort() + "/api/tenants/" + tenant + "/dead-letters" + rest))
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", "application/json")
                .method(method, BodyPublishers.ofString(body, StandardCharsets.UTF_8))
                .build();
        return new ObjectMapper()
                .readTree(HTTP.send(request, BodyHandlers.ofString()).body());
    }
}
