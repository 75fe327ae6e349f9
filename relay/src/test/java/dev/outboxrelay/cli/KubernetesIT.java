package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import dev.outboxrelay.config.Reading;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Operator;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The manifests of {@code ops/kubernetes}: what kustomize makes of them is what the API's schemas allow, and a relay
 * that is started as they say works and is probed where it answers. No cluster is needed for that.
 */
final class KubernetesIT {

    private static final String DEPLOYMENT = "deployment";
    private static final String SIDECAR = "sidecar";
    private static final String CHECK = "check";

    /** What the relay needs at most from SIGTERM on: see {@code ForegroundRelay}. */
    private static final int STOP_SECONDS = 40;

    private static final Pattern MEGABYTES = Pattern.compile("(\\d+)Mi");
    private static final Pattern HEAP = Pattern.compile("-Xmx(\\d+)m");

    /** Where the manifest says nothing. */
    private static final int HEAP_BY_DEFAULT = 256;

    /** What the image's JVM reads; the start script of the distribution has OUTBOX_JAVA_OPTS. */
    private static final String JAVA_OPTIONS = "JDK_JAVA_OPTIONS";

    @TempDir
    private Path folder;

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
            "PodDisruptionBudget", V1PodDisruptionBudget::validateJsonElement,
            "ServiceAccount", V1ServiceAccount::validateJsonElement);

    @ParameterizedTest
    @ValueSource(strings = {DEPLOYMENT, SIDECAR, CHECK})
    void every_document_is_what_its_schema_allows(String overlay) throws Exception {
        for (JsonNode document : Manifests.of(overlay).documents()) {
            if (Manifests.kind(document).equals("PodMonitor")) {
                continue; // the operator's schema is not among those of the API: the test of the ports reads it
            }
            Schema schema = SCHEMAS.get(Manifests.kind(document));
            if (schema == null) {
                throw new AssertionError("no schema for " + Manifests.kind(document));
            }
            schema.demand(JsonParser.parseString(document.toString()));
        }
    }

    @Test
    void the_schemas_find_a_wrong_name_and_a_missing_one() throws Exception {
        JsonNode wrong = Manifests.of(DEPLOYMENT).only("Deployment").deepCopy();
        ((ObjectNode) wrong.at("/spec/template/spec/containers/0/livenessProbe")).put("period", 1);
        assertThatThrownBy(() -> V1Deployment.validateJsonElement(JsonParser.parseString(wrong.toString())))
                .hasMessageContaining("period");

        JsonNode missing = Manifests.of(DEPLOYMENT).only("Deployment").deepCopy();
        ((ObjectNode) missing.at("/spec")).remove("selector");
        assertThatThrownBy(() -> V1Deployment.validateJsonElement(JsonParser.parseString(missing.toString())))
                .hasMessageContaining("selector");
    }

    @ParameterizedTest
    @ValueSource(strings = {DEPLOYMENT, SIDECAR, CHECK})
    void the_settings_load_and_secrets_come_from_files(String overlay) throws Exception {
        Manifests manifests = Manifests.of(overlay);
        Container container = Container.of(manifests, folder);

        Reading reading = ConfigLoader.load(container.file(), container.environment());

        assertThat(reading).isInstanceOf(Reading.Complete.class);
        String secrets = String.valueOf(manifests.mounts().get("secret"));
        assertThat(manifests.environment())
                .containsKeys("OUTBOX_POSTGRES_PASSWORD_FILE", "OUTBOX_NATS_CREDENTIALS_FILE")
                .doesNotContainKeys("OUTBOX_POSTGRES_PASSWORD")
                .allSatisfy((name, value) -> {
                    if (name.endsWith("_FILE")) {
                        assertThat(value).startsWith(secrets + "/");
                    }
                });
        assertThat(container.file()).exists();
        assertThat(manifests.relay().path("envFrom").isMissingNode()).isTrue();
        assertThat(manifests.relay().at("/volumeMounts").findValues("subPath")).isEmpty();
        // the variables of a Service called outbox-postgres would be settings that do not exist
        assertThat(manifests.pod().at("/spec/enableServiceLinks").asBoolean(true))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {DEPLOYMENT, SIDECAR, CHECK})
    void the_relay_may_do_nothing_that_it_need_not(String overlay) throws Exception {
        Manifests manifests = Manifests.of(overlay);
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
            assertThat(manifests
                            .only("ServiceAccount")
                            .path("automountServiceAccountToken")
                            .asBoolean(true))
                    .isFalse();
        }
        Manifests.each(manifests.relay().path("volumeMounts"))
                .filter(mount -> !mount.path("mountPath")
                        .asText()
                        .equals(manifests.mounts().get("emptyDir")))
                .forEach(mount -> assertThat(mount.path("readOnly").asBoolean()).isTrue());
    }

    @ParameterizedTest
    @ValueSource(strings = {DEPLOYMENT, SIDECAR, CHECK})
    void memory_is_bounded_above_the_heap_and_processors_are_not(String overlay) throws Exception {
        Manifests manifests = Manifests.of(overlay);
        JsonNode resources = manifests.relay().path("resources");
        Matcher heap = HEAP.matcher(manifests.environment().getOrDefault(JAVA_OPTIONS, ""));
        int megabytes = heap.find() ? Integer.parseInt(heap.group(1)) : HEAP_BY_DEFAULT;

        // code, threads, buffers outside of the heap: ops/results/backlog-128m.txt and backlog-256m.txt
        assertThat(megabytes(resources.at("/limits/memory"))).isGreaterThanOrEqualTo(megabytes + 100);
        assertThat(megabytes(resources.at("/requests/memory"))).isPositive();
        assertThat(resources.at("/requests/cpu").asText()).endsWith("m");
        assertThat(resources.at("/limits/cpu").isMissingNode()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {DEPLOYMENT, SIDECAR})
    void it_is_probed_scraped_and_let_in_where_it_listens(String overlay) throws Exception {
        Manifests manifests = Manifests.of(overlay);
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
        JsonNode monitored = manifests.only("PodMonitor").path("spec");
        assertThat(monitored.at("/podMetricsEndpoints/0/port")).isEqualTo(port.path("name"));
        assertThat(monitored.at("/podMetricsEndpoints/0/path").asText()).isEqualTo("/metrics");
        assertThat(manifests
                        .only("NetworkPolicy")
                        .at("/spec/ingress/0/ports/0/port")
                        .asInt())
                .isEqualTo(number);
    }

    @Test
    void a_relay_that_waits_for_nats_keeps_its_application_in_service() throws Exception {
        assertThat(Manifests.of(DEPLOYMENT)
                        .relay()
                        .at("/readinessProbe/httpGet/path")
                        .asText())
                .isEqualTo("/readyz");

        JsonNode sidecar = Manifests.of(SIDECAR).relay();

        // a sidecar's readiness is its pod's, and the application is started behind its startup probe
        assertThat(sidecar.has("readinessProbe")).isFalse();
        assertThat(sidecar.path("restartPolicy").asText()).isEqualTo("Always");
    }

    @ParameterizedTest
    @ValueSource(strings = {DEPLOYMENT, SIDECAR})
    void what_is_meant_for_the_relay_selects_its_pods(String overlay) throws Exception {
        Manifests manifests = Manifests.of(overlay);
        JsonNode labels = manifests.pod().at("/metadata/labels");

        assertSelected(manifests.workload().at("/spec/selector/matchLabels"), labels);
        assertSelected(manifests.only("PodMonitor").at("/spec/selector/matchLabels"), labels);
        assertSelected(manifests.only("NetworkPolicy").at("/spec/podSelector/matchLabels"), labels);
        if (overlay.equals(DEPLOYMENT)) {
            assertSelected(manifests.only("PodDisruptionBudget").at("/spec/selector/matchLabels"), labels);
            Manifests.each(manifests.pod().at("/spec/topologySpreadConstraints"))
                    .forEach(spread -> assertSelected(spread.at("/labelSelector/matchLabels"), labels));
        }
        assertThat(manifests.pod().at("/spec/terminationGracePeriodSeconds").asInt())
                .isGreaterThan(STOP_SECONDS);
    }

    private static void assertSelected(JsonNode selector, JsonNode labels) {
        assertThat(selector.size()).isPositive();
        selector.properties()
                .forEach(label -> assertThat(labels.path(label.getKey())).isEqualTo(label.getValue()));
    }

    /** Two containers without the containers: the leader as in the deployment, the standby as in the sidecar. */
    @Test
    void relays_started_as_the_manifests_say_answer_their_probes() throws Exception {
        try (TestPostgres postgres = TestPostgres.start();
                TestNats nats = TestNats.start()) {
            postgres.installSchema();
            Map<String, String> servers = Map.of(
                    "OUTBOX_POSTGRES_URL", postgres.jdbcUrl(),
                    "OUTBOX_NATS_URL", nats.url(),
                    "OUTBOX_STREAMS_REPLICAS", "1");
            String password = postgres.password(TestPostgres.RELAY);
            Container first = Container.of(Manifests.of(DEPLOYMENT), Files.createDirectory(folder.resolve("a")));
            Container second = Container.of(Manifests.of(SIDECAR), Files.createDirectory(folder.resolve("b")));
            try (RelayProcess leader = first.start(servers, password)) {
                Await.until("it leads", leader::leads);
                try (RelayProcess standby = second.start(servers, password)) {
                    Await.until("it stands by", standby::standsBy);

                    first.demandProbes(leader);
                    second.demandProbes(standby);
                }
            }
        }
    }

    private static int megabytes(JsonNode quantity) {
        Matcher number = MEGABYTES.matcher(quantity.asText());
        assertThat(number.matches()).as("%s in Mi", quantity).isTrue();
        return Integer.parseInt(number.group(1));
    }

    /**
     * What the relay's container sees, in a folder: each of its volumes is a folder in there.
     *
     * @param file the file of settings that it is started with
     */
    private record Container(Manifests manifests, Path folder, Map<String, String> environment, Path file) {

        static Container of(Manifests manifests, Path folder) throws IOException {
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
            return new Container(manifests, folder, environment, Path.of(inside(arguments.get(2), volumes)));
        }

        private static String inside(String text, Map<String, Path> volumes) {
            String moved = text;
            for (Map.Entry<String, Path> volume : volumes.entrySet()) {
                moved = moved.replace(volume.getKey(), volume.getValue().toString());
            }
            return moved;
        }

        RelayProcess start(Map<String, String> servers, String password) throws IOException, GeneralSecurityException {
            Files.writeString(folder.resolve("secret/postgres-password"), password + "\n");
            Files.writeString(folder.resolve("secret/nats.creds"), new Operator().credentials(Duration.ofHours(1)));
            Map<String, String> variables = new HashMap<>(environment);
            variables.putAll(servers);
            variables.remove("OUTBOX_ADMIN_BIND"); // any free port here
            String javaOptions = String.valueOf(variables.getOrDefault(JAVA_OPTIONS, ""));
            variables.remove(JAVA_OPTIONS);
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
}
