package dev.outboxrelay.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.testing.Repository;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * Rendered manifests: what {@code kubectl kustomize} makes of one folder of {@code ops/kubernetes}, or Helm of its
 * chart.
 */
record Manifests(List<JsonNode> documents) {

    private static final String CONTAINER = "outbox-relay";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, Manifests> RENDERED = new ConcurrentHashMap<>();

    /** Renders a folder, once in a JVM. */
    static Manifests of(String overlay) throws IOException, InterruptedException {
        Manifests known = RENDERED.get(overlay);
        if (known == null) {
            known = render(overlay);
            RENDERED.put(overlay, known);
        }
        return known;
    }

    private static Manifests render(String overlay) throws IOException, InterruptedException {
        Process kubectl = new ProcessBuilder(
                        Repository.kubectl().toString(),
                        "kustomize",
                        Repository.root()
                                .resolve("ops/kubernetes")
                                .resolve(overlay)
                                .toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        kubectl.getOutputStream().close();
        String text = new String(kubectl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (kubectl.waitFor() != 0) {
            throw new IOException("kubectl kustomize " + overlay + " failed: its stderr says why");
        }
        return parse(text);
    }

    /** Documents of YAML; throws if it is none, or has a key twice. */
    static Manifests parse(String text) {
        List<JsonNode> documents = new ArrayList<>();
        for (Object document : yaml().loadAll(text)) {
            if (document != null) {
                documents.add(JSON.valueToTree(document));
            }
        }
        return new Manifests(documents);
    }

    /** One document of YAML. */
    static JsonNode document(String text) {
        return JSON.valueToTree(yaml().load(text));
    }

    private static Yaml yaml() {
        LoaderOptions strict = new LoaderOptions();
        strict.setAllowDuplicateKeys(false);
        return new Yaml(new SafeConstructor(strict));
    }

    List<JsonNode> all(String kind) {
        return documents.stream()
                .filter(document -> kind(document).equals(kind))
                .toList();
    }

    /** The only document of a kind. */
    JsonNode only(String kind) {
        List<JsonNode> found = all(kind);
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " documents of the kind " + kind);
        }
        return found.get(0);
    }

    /** What makes the pods: a Deployment or a Job. */
    JsonNode workload() {
        return documents.stream()
                .filter(document -> document.at("/spec/template/spec").isObject())
                .findFirst()
                .orElseThrow();
    }

    /** The pods as their workload makes them. */
    JsonNode pod() {
        return workload().at("/spec/template");
    }

    /** The relay's container, a sidecar or not. */
    JsonNode relay() {
        JsonNode spec = pod().path("spec");
        return Stream.of("initContainers", "containers")
                .flatMap(list -> each(spec.path(list)))
                .filter(container -> container.path("name").asText().equals(CONTAINER))
                .findFirst()
                .orElseThrow();
    }

    boolean isSidecar() {
        return each(pod().at("/spec/initContainers"))
                .anyMatch(container -> container.path("name").asText().equals(CONTAINER));
    }

    /** The relay's variables. */
    Map<String, String> environment() {
        Map<String, String> environment = new TreeMap<>();
        each(relay().path("env"))
                .forEach(variable -> environment.put(
                        variable.path("name").asText(), variable.path("value").asText()));
        return environment;
    }

    /**
     * Where the relay has its volumes: the first of a kind by that, configMap, secret or emptyDir; others by their
     * names.
     */
    Map<String, String> mounts() {
        Map<String, String> paths = new TreeMap<>();
        each(relay().path("volumeMounts")).forEach(mount -> {
            JsonNode volume = each(pod().at("/spec/volumes"))
                    .filter(candidate -> candidate.path("name").equals(mount.path("name")))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no volume " + mount.path("name")));
            for (String kind : List.of("configMap", "secret", "emptyDir")) {
                if (volume.has(kind)) {
                    String path = mount.path("mountPath").asText();
                    if (paths.putIfAbsent(kind, path) != null) {
                        paths.put(mount.path("name").asText(), path);
                    }
                }
            }
        });
        return paths;
    }

    static String kind(JsonNode document) {
        return document.path("kind").asText();
    }

    static Stream<JsonNode> each(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false);
    }

    static List<String> texts(JsonNode list) {
        return each(list).map(JsonNode::asText).toList();
    }
}
