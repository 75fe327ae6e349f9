package dev.outboxrelay.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The alert rules that are shipped: Prometheus takes them, they fire when they should, and on metrics that exist. */
final class AlertRulesIT {

    private static final Path FOLDER = Repository.root().resolve("ops/prometheus");

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"check rules outbox-relay.rules.yml", "test rules outbox-relay.rules.test.yml"})
    void promtool_finds_nothing_wrong(String arguments) throws Exception {
        Promtool.Said said = Promtool.run(FOLDER, arguments.split(" ", -1));

        assertThat(said.exit()).as(said.text()).isZero();
        assertThat(said.text()).contains("SUCCESS");
    }

    @Test
    void every_metric_that_a_rule_names_is_exported() throws Exception {
        assertThat(MetricsReference.entries().keySet()).containsAll(named("outbox-relay.rules.yml"));
    }

    @Test
    void expressions_of_dashboards_and_runbooks_parse() throws Exception {
        List<String> expressions = new ArrayList<>(Runbooks.lines("promql"));
        Dashboards.all()
                .forEach(board ->
                        board.expressions().stream().map(Dashboards::filledIn).forEach(expressions::add));

        Promtool.Said said = Promtool.parse(folder, expressions);

        assertThat(said.exit()).as(said.text()).isZero();
        assertThat(expressions).hasSizeGreaterThan(100);
    }

    @Test
    void an_expression_that_does_not_parse_would_be_noticed() throws Exception {
        assertThat(Promtool.parse(folder, List.of("sum by (tenant) (rate(outbox_relay_retries_total))"))
                        .exit())
                .isNotZero();
    }

    @Test
    void every_alert_is_tested() throws Exception {
        Pattern alert = Pattern.compile("- alert: (\\w+)");
        String tests = Files.readString(FOLDER.resolve("outbox-relay.rules.test.yml"));
        Matcher alerts = alert.matcher(Files.readString(FOLDER.resolve("outbox-relay.rules.yml")));
        int found = 0;
        while (alerts.find()) {
            found++;
            assertThat(tests).contains("alertname: " + alerts.group(1) + "\n        exp_alerts:");
        }
        assertThat(found).isPositive();
    }

    private static Set<String> named(String file) throws IOException {
        Set<String> names = new TreeSet<>();
        for (String line : Files.readAllLines(FOLDER.resolve(file))) {
            if (!line.contains("#")) {
                names.addAll(MetricsReference.namedIn(line));
            }
        }
        return names;
    }
}
