package dev.outboxrelay.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * All that may be different between what Helm and what kustomize make of {@code ops/kubernetes}. Documents without it
 * are equal:
 *
 * <ul>
 *   <li>labels that tell releases apart, on documents, on pods and in selectors, and kustomize's mark for applications
 *   <li>annotations of hooks, and the checksum of the settings on pods, for which kustomize has a digest in the
 *       ConfigMap's name
 *   <li>names, which are the release's
 *   <li>the order of variables, and how the file of settings is written
 * </ul>
 */
final class HelmDifferences {

    private static final List<String> LABELS = List.of(
            "app.kubernetes.io/instance",
            "app.kubernetes.io/version",
            "app.kubernetes.io/managed-by",
            "helm.sh/chart",
            "outboxrelay.dev/release",
            "outboxrelay.dev/sidecar");

    private HelmDifferences() {}

    /** Documents without the differences, by their kinds. */
    static Map<String, JsonNode> without(Manifests manifests) {
        Map<String, JsonNode> byKind = new TreeMap<>();
        for (JsonNode document : manifests.documents()) {
            if (byKind.put(Manifests.kind(document), without(document)) != null) {
                throw new AssertionError("two documents of the kind " + Manifests.kind(document));
            }
        }
        return byKind;
    }

    static JsonNode without(JsonNode document) {
        JsonNode same = document.deepCopy();
        Stream.of("labels", "matchLabels")
                .flatMap(field -> same.findValues(field).stream())
                .forEach(labels -> ((ObjectNode) labels).remove(LABELS));
        for (JsonNode described : same.findParents("annotations")) {
            ObjectNode annotations = (ObjectNode) described.path("annotations");
            annotations.remove("checksum/config");
            annotations.properties().removeIf(annotation -> annotation.getKey().contains("/hook"));
            if (annotations.isEmpty()) {
                ((ObjectNode) described).remove("annotations");
            }
        }
        for (JsonNode parent : same.findParents("env")) {
            ArrayNode sorted = JsonNodeFactory.instance.arrayNode();
            Manifests.each(parent.path("env"))
                    .sorted(Comparator.comparing(
                            variable -> variable.path("name").asText()))
                    .forEach(sorted::add);
            ((ObjectNode) parent).set("env", sorted);
        }
        same.findValues("configMap").forEach(HelmDifferences::rename);
        rename(same.path("metadata"));
        if (Manifests.kind(same).equals("ConfigMap")) {
            ((ObjectNode) same)
                    .set(
                            "data",
                            Manifests.document(
                                    same.at("/data").path("outbox-relay.yaml").asText()));
        }
        return same;
    }

    /** outbox-relay-0123456789 of kustomize, shop-outbox-relay and outbox-relay-check of Helm. */
    private static void rename(JsonNode named) {
        String name = named.path("name").asText();
        if (name.contains("outbox-relay")) {
            ((ObjectNode) named).put("name", "outbox-relay");
        }
    }
}
