package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outboxrelay.testing.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whatever values the Helm chart is given, it keeps to the rules of all manifests, and it refuses wrong ones by name.
 */
final class HelmValuesIT {

    private static final String WITH_MONITOR = "podMonitor: {enabled: true}";

    @TempDir
    private Path scratch;

    private Chart chart;

    @BeforeEach
    void openChart() {
        chart = Chart.ofRelay(scratch);
    }

    @ParameterizedTest
    @EnumSource
    void whatever_values_it_is_given_it_keeps_to_the_rules(HelmValues values) throws IOException {
        for (String release : List.of("outbox-relay", "shop", "a".repeat(53))) {
            ManifestRules.kept(chart.render(release, values.text()), scratch);
            Manifests hooks = chart.hooks(release, values.text());
            ManifestRules.conform(hooks);
            if (!hooks.all("Job").isEmpty()) {
                ManifestRules.discreet(hooks);
                ManifestRules.restrained(hooks);
                ManifestRules.bounded(hooks);
            }
        }
    }

    @Test
    void the_values_of_the_page_are_taken() throws IOException {
        String page = Files.readString(Repository.root().resolve("ops/kubernetes/README.md"));

        Manifests made = chart.render("outbox-relay", block(page, "# my-values.yaml"));
        ManifestRules.kept(made, scratch);
        assertThat(made.relay().path("image").asText()).startsWith("registry.shop.example/outbox-relay:");

        Chart application = Chart.ofApplication(scratch);
        ManifestRules.kept(application.render("shop", block(page, "# values.yaml")), scratch);
        assertThat(block(page, "# templates/deployment.yaml")
                        .lines()
                        .map(String::strip)
                        .filter(line -> line.startsWith("{{-")))
                .hasSize(5)
                .isSubsetOf(Files.readString(application.folder().resolve("templates/deployment.yaml"))
                        .lines()
                        .map(String::strip)
                        .toList());
    }

    private static String block(String page, String beginning) {
        int from = page.indexOf("```yaml\n" + beginning);
        assertThat(from).as(beginning).isPositive();
        return page.substring(from + "```yaml\n".length(), page.indexOf("\n```", from));
    }

    @Test
    void the_settings_are_those_of_the_values_to_the_letter() throws IOException {
        JsonNode given = Manifests.document(HelmValues.ODD_TEXTS.text()).at("/config/outbox");

        JsonNode made = Manifests.document(chart.render("outbox-relay", HelmValues.ODD_TEXTS.text())
                        .only("ConfigMap")
                        .at("/data")
                        .path("outbox-relay.yaml")
                        .asText())
                .path("outbox");

        assertThat(made.path("routes")).isEqualTo(given.path("routes"));
        assertThat(made.at("/postgres/user")).isEqualTo(given.at("/postgres/user"));
        assertThat(made.at("/lanes/max-bytes")).isEqualTo(given.at("/lanes/max-bytes"));
        assertThat(made.at("/nats/url").asText()).isEqualTo("nats://nats:4222");
    }

    @Test
    void switches_add_and_take_away_documents() throws IOException {
        assertThat(chart.render("shop", HelmValues.ONE.text()).all("PodDisruptionBudget"))
                .isEmpty();
        assertThat(chart.render("shop", HelmValues.NOTHING.text()).documents().stream()
                        .map(Manifests::kind))
                .containsExactlyInAnyOrder("ConfigMap", "Deployment");
        assertThat(chart.hooks("shop", HelmValues.NOTHING.text()).documents().stream()
                        .map(Manifests::kind))
                .containsExactly("Pod");
        assertThat(chart.render("shop", HelmValues.EVERYTHING.text()).documents().stream()
                        .map(Manifests::kind))
                .contains("PodMonitor", "PrometheusRule");
        assertThat(chart.render("shop", HelmValues.DIGEST.text())
                        .relay()
                        .path("image")
                        .asText())
                .startsWith("registry.shop.example:5000/team/outbox-relay@sha256:0123");
        assertThat(chart.render("shop", HelmValues.VARIABLES.text()).environment())
                .containsEntry("OUTBOX_STREAMS_MAX_MESSAGES", "1000000")
                .containsEntry("SWITCH", "true")
                .containsEntry("X", "{{ x }}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            replica: 3                                                  | 'replica' not allowed
            image: {tga: x}                                             | 'tga' not allowed
            image: {digest: 'md5:00'}                                   | /image/digest
            mode: daemonset                                             | /mode
            replicas: -1                                                | /replicas
            port: 80                                                    | /port
            config: {outbx: {}}                                         | 'outbx' not allowed
            config: {outbox: {postgres: {password: x}}}                 | config.outbox.postgres.password: a secret
            config: {outbox: {nats: {token: x}}}                        | OUTBOX_NATS_TOKEN_FILE
            config: {outbox: {admin: {token: x}}}                       | OUTBOX_ADMIN_TOKEN_FILE
            config: {outbox: {nats: {url: 'tls://u:x@n1,n2'}}}          | config.outbox.nats.url: a secret
            config: {outbox: {nats: {url: [n1, 'x@n2']}}}               | config.outbox.nats.url: a secret
            config: {outbox: {postgres: {url: 'x?sslPassword=x'}}}      | config.outbox.postgres.url: a secret
            env: {OUTBOX_NATS_URL: 'nats://x@nats:4222'}                | env.OUTBOX_NATS_URL: a secret
            env: {OUTBOX_POSTGRES_PASSWORD: x}                          | env.OUTBOX_POSTGRES_PASSWORD: a secret
            env: {OUTBOX_ADMIN_BIND: '0.0.0.0:1'}                       | env.OUTBOX_ADMIN_BIND: say it as port
            env: {lower: x}                                             | lower
            secrets: [{name: x}]                                        | mountPath
            secrets: [{name: x, mountPath: /x, file: {}}]               | 'file' not allowed
            podLabels: {app.kubernetes.io/name: x}                      | app.kubernetes.io/name
            podAnnotations: {checksum/config: x}                        | checksum/config
            podMonitor: {interval: often}                               | /podMonitor/interval
            networkPolicy: {egressPorts: 5432}                          | /networkPolicy/egressPorts
            resources: {limits: {memory: much}}                         | /resources/limits/memory
            javaOptions: -Xmx512m                                       | resources.limits.memory: 384Mi
            javaOptions: -Xms1m -Xmx1g                                  | has to be 1124Mi or more
            resources: {limits: {memory: 355Mi}}                        | has to be 356Mi or more
            mode: sidecar                                               | networkPolicy.extraIngress
            fullnameOverride: Relay                                     | /fullnameOverride
            """)
    void a_wrong_value_is_refused_by_name(String values, String message) {
        assertThatThrownBy(() -> chart.render("shop", values)).hasMessageContaining(message);
    }

    @Test
    void a_sidecar_in_the_wrong_mode_without_room_or_on_an_old_kubernetes_is_refused() throws IOException {
        Chart application = Chart.ofApplication(scratch);

        assertThatThrownBy(() -> application.render("shop", "outbox-relay: {mode: deployment}"))
                .hasMessageContaining("Set outbox-relay.mode to sidecar");
        assertThatThrownBy(() -> application.render("shop", "outbox-relay: {sidecar: {javaOptions: -Xmx256m}}"))
                .hasMessageContaining("sidecar.resources.limits.memory: 320Mi");
        Chart careless = application.with("Chart.yaml", "kubeVersion", "# kubeVersion");
        assertThatThrownBy(() -> careless.renderOn("1.28.0", "shop")).hasMessageContaining("needs Kubernetes 1.29");
        assertThatThrownBy(() -> chart.renderOn("1.26.0", "shop")).hasMessageContaining("kubeVersion");
        for (String fits : List.of("1.27.0", "1.29.3-gke.100", "1.36.4+k3s1")) {
            ManifestRules.conform(chart.renderOn(fits, "shop"));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            templates/_helpers.tpl       | readOnlyRootFilesystem: true           | readOnlyRootFilesystem: false
            templates/_helpers.tpl       | drop: [ALL]                            | drop: []
            templates/_helpers.tpl       | runAsNonRoot: true                     | runAsNonRoot: false
            templates/_helpers.tpl       | /livez, port                           | /healthz, port
            templates/_helpers.tpl       | "readOnly" true                        | "readOnly" false
            templates/deployment.yaml    | automountServiceAccountToken: false    | automountServiceAccountToken: true
            templates/deployment.yaml    | enableServiceLinks: false              | enableServiceLinks: true
            templates/deployment.yaml    | terminationGracePeriodSeconds: 45      | terminationGracePeriodSeconds: 30
            templates/deployment.yaml    | replicas:                              | replica:
            templates/serviceaccount.yaml | automountServiceAccountToken: false   | automountServiceAccountToken: true
            templates/networkpolicy.yaml | port: {{ int $.Values.port }}          | port: 8080
            templates/podmonitor.yaml    | relay-admin                            | http
            """)
    void a_protection_that_is_taken_away_is_missed(String file, String text, String replacement) throws IOException {
        ManifestRules.kept(chart.render("shop", WITH_MONITOR, HelmValues.FILES.text()), scratch);

        Manifests changed = chart.with(file, text, replacement).render("shop", WITH_MONITOR, HelmValues.FILES.text());

        assertThatThrownBy(() -> ManifestRules.kept(changed, scratch)).isInstanceOf(Throwable.class);
    }
}
