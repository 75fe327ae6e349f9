package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.marcnuri.helm.LintResult;
import dev.outboxrelay.testing.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Helm chart, linted and rendered by Helm itself: it makes what kustomize makes of the folders beside it. */
final class HelmChartIT {

    /** As kustomize has it; where the operator is missing it would be refused, so it is off by default. */
    private static final String WITH_MONITOR = "podMonitor: {enabled: true}";

    @TempDir
    private Path scratch;

    private Chart chart;

    @BeforeEach
    void openChart() {
        chart = Chart.ofRelay(scratch);
    }

    @Test
    void helm_finds_nothing_to_complain_about() throws IOException {
        for (Chart each : List.of(chart, Chart.ofApplication(scratch))) {
            LintResult result = each.lint();

            assertThat(result.isFailed()).as("%s", result.getMessages()).isFalse();
            assertThat(result.getMessages()).allMatch(message -> message.startsWith("[INFO]"));
        }
    }

    @Test
    void helm_would_find_a_template_that_makes_no_document() throws IOException {
        LintResult result = chart.with("templates/configmap.yaml", "kind: ConfigMap", "kind: [")
                .lint();

        assertThat(result.isFailed()).isTrue();
        assertThat(result.getMessages()).anyMatch(message -> message.contains("templates/configmap.yaml"));
    }

    @Test
    void by_default_it_makes_what_kustomize_makes_of_the_deployment() throws Exception {
        Map<String, JsonNode> expected = HelmDifferences.without(Manifests.of("deployment"));

        assertThat(HelmDifferences.without(chart.render("outbox-relay", WITH_MONITOR)))
                .isEqualTo(expected);

        expected.remove("PodMonitor");
        assertThat(HelmDifferences.without(chart.render("outbox-relay"))).isEqualTo(expected);
    }

    @Test
    void its_check_is_the_one_of_kustomize_and_needs_nothing_of_the_release() throws Exception {
        List<JsonNode> hooks = chart.hooks("outbox-relay").documents().stream()
                .filter(hook -> Chart.events(hook).contains("pre-install"))
                .toList();
        Manifests check = new Manifests(hooks);
        Map<String, JsonNode> expected = HelmDifferences.without(Manifests.of("check"));

        Map<String, JsonNode> made = HelmDifferences.without(check);

        // the account is not there before the release is
        expected.values()
                .forEach(document -> document.findParents("serviceAccountName")
                        .forEach(pod -> ((ObjectNode) pod).remove("serviceAccountName")));
        expected.remove("ServiceAccount");
        expected.remove("PodMonitor");
        // its own policy selects the check alone, and lets nobody in
        Stream.of(expected, made)
                .flatMap(documents -> documents.values().stream())
                .filter(document -> Manifests.kind(document).equals("NetworkPolicy"))
                .forEach(policy -> ((ObjectNode) policy.path("spec")).remove(List.of("podSelector", "ingress")));
        assertThat(made).isEqualTo(expected);
        assertThat(hooks)
                .allSatisfy(
                        hook -> assertThat(hook.at("/metadata/name").asText()).isEqualTo("outbox-relay-check"));
        assertThat(Manifests.each(check.pod().at("/spec/volumes"))
                        .map(volume -> volume.at("/configMap/name").asText()))
                .contains("outbox-relay-check");
        assertThat(check.pod().at("/metadata/labels").properties())
                .containsAll(check.only("NetworkPolicy")
                        .at("/spec/podSelector/matchLabels")
                        .properties());
    }

    @Test
    void its_test_is_the_check_with_what_is_installed() throws IOException {
        Manifests hooks = chart.hooks("outbox-relay");
        JsonNode test = hooks.only("Pod");
        JsonNode job = hooks.only("Job").at("/spec/template/spec");

        assertThat(Chart.events(test)).containsExactly("test");
        assertThat(test.at("/spec/containers")).isEqualTo(job.path("containers"));
        assertThat(test.at("/spec/serviceAccountName").asText()).isEqualTo("outbox-relay");
        assertThat(test.at("/spec/volumes/0/configMap/name").asText()).isEqualTo("outbox-relay");
        assertThat(test.at("/metadata/labels").properties())
                .containsAll(hooks.only("NetworkPolicy")
                        .at("/spec/podSelector/matchLabels")
                        .properties());
    }

    @Test
    void an_application_with_the_sidecar_is_what_kustomize_makes_of_one() throws Exception {
        Manifests made = Chart.ofApplication(scratch)
                .render(
                        "shop",
                        "outbox-relay: {podMonitor: {enabled: true}, config: {outbox: {postgres: "
                                + "{url: 'jdbc:postgresql://postgres:5432/app'}}}}");

        assertThat(HelmDifferences.without(made)).isEqualTo(HelmDifferences.without(Manifests.of("sidecar")));
        ManifestRules.kept(made, scratch);
    }

    @Test
    void a_changed_setting_rolls_the_pods_and_nothing_else_does() throws IOException {
        JsonNode pod = chart.render("outbox-relay").pod();

        assertThat(chart.render("outbox-relay", "config: {outbox: {streams: {replicas: 1}}}")
                        .pod())
                .isNotEqualTo(pod);
        assertThat(chart.with("Chart.yaml", "\nversion: ", "\nversion: 1")
                        .render("outbox-relay")
                        .pod())
                .isEqualTo(pod);
    }

    @Test
    void alerts_are_the_tested_ones_and_find_the_instances_by_their_job() throws IOException {
        Manifests plain = chart.render("shop", "prometheusRule: {enabled: true}");
        String rules = Files.readString(Repository.root().resolve("ops/prometheus/outbox-relay.rules.yml"));

        assertThat(plain.only("PrometheusRule").path("spec")).isEqualTo(Manifests.document(rules));

        JsonNode linked = chart.render("shop", HelmValues.EVERYTHING.text()).only("PrometheusRule");
        assertThat(linked.findValuesAsText("runbook")).isEmpty();
        assertThat(linked.findValuesAsText("runbook_url"))
                .hasSameSizeAs(plain.only("PrometheusRule").findValuesAsText("runbook"))
                .allMatch(url -> url.startsWith("https://git.example/x/ops/runbooks/"));
        // the job that the rules look for is the monitor's namespace and name
        assertThat(chart.render("events", WITH_MONITOR, HelmValues.NAME.text())
                        .only("PodMonitor")
                        .at("/metadata/name")
                        .asText())
                .isEqualTo("events-outbox-relay");
    }

    @Test
    void its_notes_say_what_is_to_be_done_and_what_stays() throws IOException {
        String notes = chart.notes("shop", "secrets: [{name: relay-secrets, mountPath: /run/secrets/x}]");

        assertThat(notes).contains("deployment/shop-outbox-relay", "relay-secrets", "helm -n shop test shop", "slot");
        assertThat(chart.notes("shop", "mode: sidecar", "networkPolicy: {enabled: false}"))
                .contains("as sidecar")
                .doesNotContain("rollout");
    }
}
