package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outboxrelay.testing.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * The files of the Helm chart fit each other and the product. With {@code -Dupdate-docs} its copy of the rules is made
 * anew.
 */
final class HelmChartTest {

    private static final Path ROOT = Repository.root();
    private static final Path CHART = ROOT.resolve("ops/kubernetes/helm/outbox-relay");
    private static final String COMMAND = "mvn -pl relay test -Dtest=HelmChartTest -Dupdate-docs";

    /** Values that belong to Kubernetes or to Helm: only the schema says more of them. */
    private static final Set<String> FOREIGN =
            Set.of("/global", "/affinity/nodeAffinity", "/affinity/podAffinity", "/affinity/podAntiAffinity");

    @Test
    void the_alert_rules_are_a_copy() throws IOException {
        String rules = Files.readString(ROOT.resolve("ops/prometheus/outbox-relay.rules.yml"));
        Path copy = CHART.resolve("files/outbox-relay.rules.yml");
        if (System.getProperty("update-docs") != null) {
            Files.writeString(copy, rules);
        }
        if (!Files.readString(copy).equals(rules)) {
            fail("the chart's alert rules are not those of ops/prometheus. Copy them with:\n\n    " + COMMAND + "\n");
        }
    }

    @Test
    void it_has_the_version_of_the_product() throws IOException {
        String product = Versions.ofThisBuild().relay().replace("-SNAPSHOT", "");
        JsonNode chart = yaml(CHART.resolve("Chart.yaml"));

        assertThat(chart.path("appVersion").asText()).isEqualTo(product);
        assertThat(chart.path("version").asText()).isEqualTo(product);
        assertThat(yaml(ROOT.resolve("ops/kubernetes/helm/example/Chart.yaml"))
                        .at("/dependencies/0/version")
                        .asText())
                .isEqualTo(product);
    }

    @Test
    void the_schema_and_the_values_have_the_same_names() throws IOException {
        Set<String> named = names(yaml(CHART.resolve("values.schema.json")), "", new TreeSet<>());
        JsonNode values = yaml(CHART.resolve("values.yaml"));

        assertThat(named).containsAll(FOREIGN).hasSizeGreaterThan(50);
        // the other way round Helm checks it, as the schema allows nothing else
        named.removeAll(FOREIGN);
        assertThat(named).allMatch(name -> !values.at(name).isMissingNode());
    }

    private static Set<String> names(JsonNode schema, String path, Set<String> into) {
        schema.path("properties").properties().forEach(property -> {
            into.add(path + "/" + property.getKey());
            names(property.getValue(), path + "/" + property.getKey(), into);
        });
        return into;
    }

    private static JsonNode yaml(Path file) throws IOException {
        return Manifests.document(Files.readString(file));
    }
}
