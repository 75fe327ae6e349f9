package dev.outboxrelay.streams;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.check.NatsFacts.Monitor;
import dev.outboxrelay.check.Seen;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Asks a server's monitoring endpoint what no client is told: its own limits, and how much of them is used. */
final class MonitorLook {

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final ObjectMapper JSON = new ObjectMapper();

    private MonitorLook() {}

    static Seen<Monitor> look(@Nullable URI url) throws InterruptedException {
        if (url == null) {
            return Seen.hidden(
                    "only the server's monitoring endpoint tells: give --nats-monitor its address (http://HOST:8222)");
        }
        HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
        HttpRequest request =
                HttpRequest.newBuilder(url.resolve("/varz")).timeout(PATIENCE).build();
        try {
            HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            JsonNode all = JSON.readTree(answer.body());
            JsonNode jetStream = all.path("jetstream");
            if (answer.statusCode() != 200 || jetStream.path("config").isMissingNode()) {
                return Seen.hidden(url + " does not tell of JetStream");
            }
            return Seen.of(new Monitor(
                    jetStream.path("stats").path("storage").asLong(),
                    jetStream.path("stats").path("reserved_storage").asLong(),
                    jetStream.path("config").path("max_storage").asLong(),
                    jetStream.path("stats").path("ha_assets").asLong(),
                    jetStream.has("limits") || !all.path("version").asText().startsWith("2.10."),
                    jetStream.path("limits").path("max_ha_assets").asLong(),
                    Duration.ofNanos(
                            jetStream.path("limits").path("duplicate_window").asLong())));
        } catch (IOException e) {
            return Seen.hidden(url + " does not answer: " + e);
        }
    }
}
