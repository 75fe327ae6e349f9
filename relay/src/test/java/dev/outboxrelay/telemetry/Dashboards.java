package dev.outboxrelay.telemetry;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.outboxrelay.testing.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The files in {@code ops/grafana/dashboards}. */
final class Dashboards {

    private static final Path FOLDER = Repository.root().resolve("ops/grafana/dashboards");
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** One of them. */
    record Dashboard(String name, JsonNode json) {

        List<JsonNode> panels() {
            List<JsonNode> panels = new ArrayList<>();
            json.path("panels").forEach(panels::add);
            return panels;
        }

        /** Everything that is asked of Prometheus, as it is written. */
        List<String> expressions() {
            return json.findValuesAsText("expr");
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private Dashboards() {}

    static List<Dashboard> all() {
        try (Stream<Path> files = Files.list(FOLDER)) {
            List<Dashboard> all = new ArrayList<>();
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString().replace(".json", "");
                all.add(new Dashboard(name, JSON.readTree(Files.readString(file))));
            }
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An expression as Prometheus gets it: with some value for each variable. */
    static String filledIn(String expression) {
        return expression
                .replace("$__rate_interval", "5m")
                .replace("$job", ".*")
                .replace("${tenant:regex}", "acme")
                .replace("$tenant", "acme");
    }
}
