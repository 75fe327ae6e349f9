package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.gson.JsonParser;
import dev.outboxrelay.config.Reading;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import io.kubernetes.client.openapi.models.V1Deployment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
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

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {DEPLOYMENT, SIDECAR, CHECK})
    void every_document_is_what_its_schema_allows(String overlay) throws Exception {
        ManifestRules.conform(Manifests.of(overlay));
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
        PodContainer container = PodContainer.of(manifests, folder);

        Reading reading = ConfigLoader.load(container.file(), container.environment());

        assertThat(reading).isInstanceOf(Reading.Complete.class);
        assertThat(container.file()).exists();
        assertThat(manifests.environment())
                .containsKeys("OUTBOX_POSTGRES_PASSWORD_FILE", "OUTBOX_NATS_CREDENTIALS_FILE");
        ManifestRules.discreet(manifests);
    }

    @ParameterizedTest
    @ValueSource(strings = {DEPLOYMENT, SIDECAR, CHECK})
    void the_relay_may_do_nothing_that_it_need_not(String overlay) throws Exception {
        ManifestRules.restrained(Manifests.of(overlay));
    }

    @ParameterizedTest
    @ValueSource(strings = {DEPLOYMENT, SIDECAR, CHECK})
    void memory_is_bounded_above_the_heap_and_processors_are_not(String overlay) throws Exception {
        ManifestRules.bounded(Manifests.of(overlay));
    }

    @ParameterizedTest
    @ValueSource(strings = {DEPLOYMENT, SIDECAR})
    void it_is_probed_scraped_and_let_in_where_it_listens(String overlay) throws Exception {
        Manifests manifests = Manifests.of(overlay);

        assertThat(manifests.all("PodMonitor")).hasSize(1);
        assertThat(manifests.all("NetworkPolicy")).hasSize(1);
        ManifestRules.reachable(manifests);
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

        assertThat(manifests.all("PodDisruptionBudget")).hasSize(overlay.equals(DEPLOYMENT) ? 1 : 0);
        ManifestRules.selected(manifests);
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
            PodContainer first = PodContainer.of(Manifests.of(DEPLOYMENT), Files.createDirectory(folder.resolve("a")));
            PodContainer second = PodContainer.of(Manifests.of(SIDECAR), Files.createDirectory(folder.resolve("b")));
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
}
