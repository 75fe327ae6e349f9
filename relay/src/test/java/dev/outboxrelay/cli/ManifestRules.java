package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import dev.outboxrelay.config.Reading;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What manifests that run the relay have to keep to, whoever rendered them. Each method is an assertion. */
final class ManifestRules {

    /** What the image's JVM reads; the start script of the distribution has OUTBOX_JAVA_OPTS. */
    static final String JAVA_OPTIONS = "JDK_JAVA_OPTIONS";

    /** What the relay needs at most from SIGTERM on: see {@code ForegroundRelay}. */
    private static final int STOP_SECONDS = 40;

    private static final Pattern MEGABYTES = Pattern.compile("(\\d+)Mi");
    private static final Pattern HEAP = Pattern.compile("-Xmx(\\d+)m");

    /** Where the manifest says nothing. */
    private static final int HEAP_BY_DEFAULT = 256;

    /** Throws where a document has a field that does not exist, lacks one that must be there, or has a wrong type. */
    @FunctionalInterface
    private interface Schema {
        void demand(JsonElement document) throws IOException;
    }

    private static final Map<String, Schema> SCHEMAS = Map.of(
            "ConfigMap", V1ConfigMap::validateJsonElement,
            "Deployment", V1Deployment::validateJsonElement,
            "Job", V1Job::validateJsonElement,
            "NetworkPolicy", V1NetworkPolicy::validateJsonElement,
            "Pod", V1Pod::validateJsonElement,
            "PodDisruptionBudget", V1PodDisruptionBudget::validateJsonElement,
            "ServiceAccount", V1ServiceAccount::validateJsonElement);

    /**
     * The operator's schemas are not among those of the API: the rules about ports read the one, a copy is the other.
     */
    private static final Set<String> WITHOUT_SCHEMA = Set.of("PodMonitor", "PrometheusRule");

    private ManifestRules() {}

    /** All that follow; the relay's settings load, too. The scratch folder is for the container's files. */
    static void kept(Manifests manifests, Path scratch) throws IOException {
        conform(manifests);
        discreet(manifests);
        restrained(manifests);
        bounded(manifests);
        reachable(manifests);
        selected(manifests);
        PodContainer container = PodContainer.of(manifests, Files.createTempDirectory(scratch, "container"));
        assertThat(ConfigLoader.load(container.file(), container.environment())).isInstanceOf(Reading.Complete.class);
    }

    /** Every document is what its schema in the Kubernetes API allows, and has a name that could be a label. */
    static void conform(Manifests manifests) throws IOException {
        for (JsonNode document : manifests.documents()) {
            String kind = Manifests.kind(document);
            assertThat(document.at("/metadata/name").asText()).matches("[a-z0-9][-a-z0-9]{0,61}[a-z0-9]");
            if (WITHOUT_SCHEMA.contains(kind)) {
                continue;
            }
            Schema schema = SCHEMAS.get(kind);
            if (schema == null) {
                throw new AssertionError("no schema for " + kind);
            }
            schema.demand(JsonParser.parseString(document.toString()));
        }
    }

    /** Secrets come from files of mounted folders, and no Service adds a variable. */
    static void discreet(Manifests manifests) {
        assertThat(manifests.all("Secret")).isEmpty();
        assertThat(manifests.environment())
                .doesNotContainKeys("OUTBOX_POSTGRES_PASSWORD", "OUTBOX_NATS_PASSWORD", "OUTBOX_NATS_TOKEN")
                .allSatisfy((name, value) -> {
                    if (name.endsWith("_FILE")) {
                        assertThat(manifests.mounts().values()).anyMatch(path -> value.startsWith(path + "/"));
                    }
                });
        assertThat(manifests.relay().path("envFrom").isMissingNode()).isTrue();
        assertThat(manifests.relay().at("/volumeMounts").findValues("subPath")).isEmpty();
        // the variables of a Service called outbox-postgres would be settings that do not exist
        assertThat(manifests.pod().at("/spec/enableServiceLinks").asBoolean(true))
                .isFalse();
    }

    /** The relay may do nothing that it need not. */
    static void restrained(Manifests manifests) {
        JsonNode pod = manifests.pod().path("spec");
        JsonNode own = manifests.relay().path("securityContext");
        JsonNode whole = pod.path("securityContext");

        assertThat(own.path("allowPrivilegeEscalation").asBoolean(true)).isFalse();
        assertThat(own.path("readOnlyRootFilesystem").asBoolean()).isTrue();
        assertThat(own.path("privileged").asBoolean()).isFalse();
        assertThat(Manifests.texts(own.at("/capabilities/drop"))).containsExactly("ALL");
        assertThat(own.at("/capabilities/add").isMissingNode()).isTrue();
        assertThat((own.has("runAsNonRoot") ? own : whole).path("runAsNonRoot").asBoolean())
                .isTrue();
        assertThat((own.has("seccompProfile") ? own : whole)
                        .at("/seccompProfile/type")
                        .asText())
                .isEqualTo("RuntimeDefault");
        assertThat(pod.path("hostNetwork").asBoolean()).isFalse();
        assertThat(pod.path("hostPID").asBoolean()).isFalse();
        if (!manifests.isSidecar()) {
            assertThat(pod.path("automountServiceAccountToken").asBoolean(true)).isFalse();
            assertThat(manifests.all("ServiceAccount"))
                    .allMatch(account ->
                            !account.path("automountServiceAccountToken").asBoolean(true));
        }
        Manifests.each(manifests.relay().path("volumeMounts"))
                .filter(mount -> !mount.path("mountPath")
                        .asText()
                        .equals(manifests.mounts().get("emptyDir")))
                .forEach(mount -> assertThat(mount.path("readOnly").asBoolean()).isTrue());
    }

    /** Memory is bounded above the heap, and processors are not. */
    static void bounded(Manifests manifests) {
        JsonNode resources = manifests.relay().path("resources");
        Matcher heap = HEAP.matcher(manifests.environment().getOrDefault(JAVA_OPTIONS, ""));
        int megabytes = heap.find() ? Integer.parseInt(heap.group(1)) : HEAP_BY_DEFAULT;

        // code, threads, buffers outside of the heap: ops/results/backlog-128m.txt and backlog-256m.txt
        assertThat(megabytes(resources.at("/limits/memory"))).isGreaterThanOrEqualTo(megabytes + 100);
        assertThat(megabytes(resources.at("/requests/memory"))).isPositive();
        assertThat(resources.at("/requests/cpu").asText()).endsWith("m");
        assertThat(resources.at("/limits/cpu").isMissingNode()).isTrue();
    }

    /** It is probed, scraped and let in where it listens; PodMonitor and policy as far as there are some. */
    static void reachable(Manifests manifests) {
        JsonNode relay = manifests.relay();
        JsonNode port = relay.at("/ports/0");
        int number = port.path("containerPort").asInt();

        assertThat(manifests.environment().get("OUTBOX_ADMIN_BIND")).endsWith(":" + number);
        for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
            if (relay.has(probe)) {
                assertThat(relay.at("/" + probe + "/httpGet/port")).isEqualTo(port.path("name"));
            }
        }
        assertThat(relay.at("/startupProbe/httpGet/path").asText()).isEqualTo("/livez");
        assertThat(relay.at("/livenessProbe/httpGet/path").asText()).isEqualTo("/livez");
        assertThat(manifests.all("PodMonitor")).allSatisfy(monitor -> {
            assertThat(monitor.at("/spec/podMetricsEndpoints/0/port")).isEqualTo(port.path("name"));
            assertThat(monitor.at("/spec/podMetricsEndpoints/0/path").asText()).isEqualTo("/metrics");
        });
        assertThat(manifests.all("NetworkPolicy"))
                .allMatch(policy -> policy.at("/spec/ingress/0/ports/0/port").asInt() == number);
    }

    /** What is meant for the relay selects its pods, and these have the time to end. */
    static void selected(Manifests manifests) {
        JsonNode labels = manifests.pod().at("/metadata/labels");

        assertSelected(manifests.workload().at("/spec/selector/matchLabels"), labels);
        for (String kind : List.of("PodMonitor", "PodDisruptionBudget")) {
            manifests.all(kind).forEach(document -> assertSelected(document.at("/spec/selector/matchLabels"), labels));
        }
        manifests
                .all("NetworkPolicy")
                .forEach(policy -> assertSelected(policy.at("/spec/podSelector/matchLabels"), labels));
        Manifests.each(manifests.pod().at("/spec/topologySpreadConstraints"))
                .forEach(spread -> assertSelected(spread.at("/labelSelector/matchLabels"), labels));
        assertThat(Manifests.each(manifests.pod().at("/spec/volumes"))
                        .filter(volume -> volume.path("name").asText().equals("outbox-relay-config"))
                        .map(volume -> volume.at("/configMap/name")))
                .containsExactly(manifests.only("ConfigMap").at("/metadata/name"));
        assertThat(manifests.pod().at("/spec/terminationGracePeriodSeconds").asInt())
                .isGreaterThan(STOP_SECONDS);
    }

    private static void assertSelected(JsonNode selector, JsonNode labels) {
        assertThat(selector.size()).isPositive();
        selector.properties()
                .forEach(label -> assertThat(labels.path(label.getKey())).isEqualTo(label.getValue()));
    }

    private static int megabytes(JsonNode quantity) {
        Matcher number = MEGABYTES.matcher(quantity.asText());
        assertThat(number.matches()).as("%s in Mi", quantity).isTrue();
        return Integer.parseInt(number.group(1));
    }
}
