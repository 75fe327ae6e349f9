package dev.outboxrelay.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Repository;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The alert rules that are shipped: Prometheus takes them, they fire when they should, and on metrics that exist. */
final class AlertRulesIT {

    private static final Path FOLDER = Repository.root().resolve("ops/prometheus");
    private static final Pattern METRIC = Pattern.compile("outbox_relay_[a-z_]+");

    /** Names of the contract that this build does not export yet. */
    private static final Set<String> TO_COME = Set.of("outbox_relay_events_parked", "outbox_relay_wal_budget_bytes");

    @ParameterizedTest
    @ValueSource(strings = {"check rules outbox-relay.rules.yml", "test rules outbox-relay.rules.test.yml"})
    void promtool_finds_nothing_wrong(String arguments) throws Exception {
        ProcessBuilder promtool = new ProcessBuilder(Repository.promtool().toString());
        promtool.command().addAll(java.util.List.of(arguments.split(" ", -1)));
        Process process =
                promtool.directory(FOLDER.toFile()).redirectErrorStream(true).start();
        process.getOutputStream().close();

        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said).contains("SUCCESS");
    }

    @Test
    void every_metric_that_a_rule_names_is_exported() throws Exception {
        Set<String> exported = exported();
        exported.addAll(TO_COME);

        assertThat(exported).containsAll(named("outbox-relay.rules.yml"));
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
            Matcher name = METRIC.matcher(line);
            while (!line.contains("#") && name.find()) {
                names.add(name.group());
            }
        }
        return names;
    }

    private static Set<String> exported() throws IOException {
        Meters meters = new Meters(10, new BuildInfo("1", "2", "3"), InstantSource.system());
        TenantMeters acme = meters.tenant("acme");
        acme.deadLettered("invalid_subject");
        acme.published(1);
        meters.slot(1, 1);
        meters.consumers(
                java.util.List.of(new ConsumerReading("acme", "TENANT_ACME", "billing", 1, 1, 1, true, true, 1, 1)),
                java.time.Duration.ZERO);
        Set<String> names = new TreeSet<>();
        try (LaneGauge lane = acme.openLane()) {
            java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
            meters.writeTo(out, null);
            Matcher name = METRIC.matcher(out.toString(StandardCharsets.UTF_8));
            while (name.find()) {
                names.add(name.group());
            }
            assertThat(lane).isNotNull();
        }
        return names;
    }
}
