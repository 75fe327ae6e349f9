package dev.outboxrelay.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Each alert has a page, each page an alert, and pages have what somebody needs at night. */
final class RunbooksTest {

    private static final Path RULES = Repository.root().resolve("ops/prometheus/outbox-relay.rules.yml");
    private static final Pattern ALERT = Pattern.compile(
            "(?s)- alert: (\\w+)\\n(?:(?!- alert:).)*?\\n          runbook: ops/runbooks/([a-z-]+\\.md)\\n");
    private static final Pattern NAME = Pattern.compile("`(OutboxRelay\\w+)`");
    private static final Pattern LINK = Pattern.compile("]\\(([^)#:]+)(?:#[^)]*)?\\)");
    private static final List<String> PARTS = List.of(
            "\n## What it means\n",
            "\n## How to look\n",
            "\n## How to mend\n",
            "\n## What not to do\n",
            "\n## When it resolves\n");

    @Test
    void each_alert_names_a_page_and_each_page_names_exactly_its_alerts() throws IOException {
        Map<String, String> pageOfAlert = pagesOfAlerts();
        Map<String, String> named = new TreeMap<>();
        Runbooks.pages().forEach((page, text) -> {
            String alerts = text.lines()
                    .filter(line -> line.startsWith("Alerts: "))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no alerts on " + page));
            Matcher alert = NAME.matcher(alerts);
            while (alert.find()) {
                assertThat(named.put(alert.group(1), page)).isNull();
            }
        });

        assertThat(pageOfAlert).hasSize(count(Files.readString(RULES), "- alert: "));
        assertThat(named).isEqualTo(pageOfAlert);
    }

    @Test
    void each_page_has_all_its_parts_in_order() {
        Runbooks.pages().forEach((page, text) -> assertThat(text).as(page).containsSubsequence(PARTS));
    }

    @Test
    void the_list_of_pages_and_that_of_alerts_are_whole() throws IOException {
        String pages = Files.readString(Runbooks.FOLDER.resolve("README.md"));
        String alerts = Files.readString(RULES.resolveSibling("README.md"));

        pagesOfAlerts().forEach((alert, page) -> {
            assertThat(pages).contains("`" + alert + "`", "(" + page + ")");
            assertThat(alerts).contains("`" + alert + "`");
        });
        assertThat(Runbooks.pages().keySet())
                .allSatisfy(page -> assertThat(pages).contains("(" + page + ")"));
    }

    @Test
    void links_lead_somewhere() throws IOException {
        for (Path file : List.of(
                Runbooks.FOLDER.resolve("README.md"),
                RULES.resolveSibling("README.md"),
                Repository.root().resolve("ops/grafana/README.md"),
                Repository.root().resolve("relay/docs/metrics.md"))) {
            leadSomewhere(file, Files.readString(file));
        }
        Runbooks.pages().forEach((page, text) -> leadSomewhere(Runbooks.FOLDER.resolve(page), text));
    }

    @Test
    void queries_ask_for_metrics_that_there_are() {
        List<String> queries = Runbooks.lines("promql");

        assertThat(queries)
                .isNotEmpty()
                .allSatisfy(query ->
                        assertThat(MetricsReference.entries().keySet()).containsAll(MetricsReference.namedIn(query)));
    }

    private static void leadSomewhere(Path file, String text) {
        Matcher link = LINK.matcher(text);
        while (link.find()) {
            assertThat(file.resolveSibling(link.group(1)).normalize()).exists();
        }
    }

    private static Map<String, String> pagesOfAlerts() throws IOException {
        Map<String, String> pages = new TreeMap<>();
        Matcher alert = ALERT.matcher(Files.readString(RULES));
        while (alert.find()) {
            pages.put(alert.group(1), alert.group(2));
        }
        return pages;
    }

    private static int count(String text, String what) {
        return text.split(Pattern.quote(what), -1).length - 1;
    }
}
