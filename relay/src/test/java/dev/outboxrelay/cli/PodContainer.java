package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outboxrelay.testing.Operator;
import dev.outboxrelay.testing.RelayProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the relay's container sees, in a folder: each of its volumes is a folder in there.
 *
 * @param file the file of settings that it is started with
 */
record PodContainer(Manifests manifests, Path folder, Map<String, String> environment, Path file) {

    static PodContainer of(Manifests manifests, Path folder) throws IOException {
        Map<String, Path> volumes = new HashMap<>();
        for (Map.Entry<String, String> mount : manifests.mounts().entrySet()) {
            volumes.put(mount.getValue(), Files.createDirectory(folder.resolve(mount.getKey())));
        }
        Map<String, String> environment = new HashMap<>();
        manifests.environment().forEach((name, value) -> environment.put(name, inside(value, volumes)));
        for (Map.Entry<String, String> variable : environment.entrySet()) {
            if (variable.getKey().endsWith("_FILE")) {
                Files.writeString(Path.of(variable.getValue()), "not-a-secret");
            }
        }
        for (Map.Entry<String, JsonNode> file :
                manifests.only("ConfigMap").path("data").properties()) {
            Files.writeString(
                    folder.resolve("configMap").resolve(file.getKey()),
                    inside(file.getValue().asText(), volumes));
        }
        List<String> arguments = Manifests.texts(manifests.relay().path("args"));
        assertThat(arguments).hasSize(3).element(1).isEqualTo("--config");
        return new PodContainer(manifests, folder, environment, Path.of(inside(arguments.get(2), volumes)));
    }

    private static String inside(String text, Map<String, Path> volumes) {
        List<String> longestFirst = volumes.keySet().stream()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .toList();
        String moved = text;
        for (String path : longestFirst) {
            moved = moved.replace(path, String.valueOf(volumes.get(path)));
        }
        return moved;
    }

    RelayProcess start(Map<String, String> servers, String password) throws IOException, GeneralSecurityException {
        Files.writeString(folder.resolve("secret/postgres-password"), password + "\n");
        Files.writeString(folder.resolve("secret/nats.creds"), new Operator().credentials(Duration.ofHours(1)));
        Map<String, String> variables = new HashMap<>(environment);
        variables.putAll(servers);
        variables.remove("OUTBOX_ADMIN_BIND"); // any free port here
        String javaOptions = String.valueOf(variables.getOrDefault(ManifestRules.JAVA_OPTIONS, ""));
        variables.remove(ManifestRules.JAVA_OPTIONS);
        return RelayProcess.start(
                variables, folder.resolve("relay.log"), javaOptions, List.of("--config", file.toString()));
    }

    void demandProbes(RelayProcess relay) throws InterruptedException {
        for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
            JsonNode path = manifests.relay().at("/" + probe + "/httpGet/path");
            if (!path.isMissingNode()) {
                assertThat(relay.page(path.asText())).as(probe).isNotNull();
            }
        }
        JsonNode scraped = manifests.only("PodMonitor").at("/spec/podMetricsEndpoints/0/path");
        assertThat(relay.page(scraped.asText())).contains("outbox_relay_leader");
    }
}
